// Claim: a spool folder that another process has made and not locked yet is left to that process.
import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { adoptLog, openLog } from '../../handler/open-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('an empty folder is not adopted, and one with a spool in it is', async (t) => {
  const { path: spoolPath, remove } = temporaryFolder()
  const [empty, left] = [randomUUID(), randomUUID()]
  mkdirSync(join(spoolPath, empty), { recursive: true })
  assert.equal(await adoptLog(spoolPath, new Set()), null)
  const own = await openLog(spoolPath)
  assert.notEqual(own.log, empty)
  mkdirSync(join(spoolPath, left))
  writeFileSync(join(spoolPath, left, '0000000000000001.spool'), '')
  const adopted = await adoptLog(spoolPath, new Set([own.log]))
  t.after(() => {
    own.lock.release()
    adopted?.lock.release()
    remove()
  })
  assert.equal(adopted?.log, left)
})
