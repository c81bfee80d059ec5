// Several processes start at the same moment on a folder whose owner has died: exactly one of them
// gets it. Thirty rounds, each on a folder of its own.
import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { lockFolder } from '../../lib/store/disk/folder-lock.ts'
import { ownIdentity } from '../../lib/store/disk/process-identity.ts'
import { errorCode } from '../../lib/stream/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { linesOf, startRole } from './embedded-role.ts'

const ROUNDS = 30
const STARTERS = 4

if (process.argv[2] === 'starter') {
  for await (const folder of createInterface({ input: process.stdin })) {
    await lockFolder(folder).then(
      () => console.log('won'),
      (error: unknown) => console.log(errorCode(error)),
    )
  }
} else {
  test('of starters at once one wins', async () => {
    const root = temporaryFolder()
    const starters = Array.from({ length: STARTERS }, () => startRole(import.meta.url, ['starter']))
    const answers = starters.map((starter) => linesOf(starter))
    for (let round = 0; round < ROUNDS; round++) {
      const folder = join(root.path, String(round))
      mkdirSync(folder)
      const dead = { ...ownIdentity(), startedAt: '1', released: false, facts: {} }
      writeFileSync(join(folder, 'lock-7.json'), JSON.stringify(dead))
      for (const starter of starters) starter.stdin.write(`${folder}\n`)
      const results = await Promise.all(answers.map((lines) => lines.next()))
      assert.deepEqual(results.sort(), [
        ...Array.from({ length: STARTERS - 1 }, () => 'data-folder-in-use'),
        'won',
      ])
    }
    for (const starter of starters) starter.stdin.end()
    await Promise.all(answers.map((lines) => lines.ended))
    root.remove()
  })
}
