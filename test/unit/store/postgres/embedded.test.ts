// Claim: the embedded store keeps the laws of the ports. Shown on a real one in a temporary folder.
import { after } from 'node:test'
import { openEmbedded } from '../../../../lib/store/postgres/open-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { describeStore } from './describe-store.ts'

const folder = temporaryFolder()
after(folder.remove)

describeStore('embedded store', () => openEmbedded({ folder: folder.path }))
