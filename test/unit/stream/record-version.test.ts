// Claim: the store in memory, which other tests take for a real one, keeps the law of record versions as the real
// stores do (test/unit/store/).
import { memoryStore } from '../../support/memory-store.ts'
import { describeVersions } from '../store/describe-versions.ts'

const store = memoryStore()
describeVersions(() => store)
