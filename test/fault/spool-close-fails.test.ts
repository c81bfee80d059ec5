// Syncs and closes that fail: what went wrong first is told, what was not synced stays known as such,
// and nothing that was answered is taken for synced.
import assert from 'node:assert'
import { test } from 'node:test'
import { Spool } from '../../lib/stream/accept/spool.ts'
import { memoryDisk } from '../support/memory-disk.ts'

const RECORD = { kind: 'read', arrivedAtUs: 7, json: '{}' } as const

test('close() tells of the failed sync even when closing fails after it', () => {
  const disk = memoryDisk()
  const spool = new Spool(disk, { segmentBytes: 500, syncEvery: false })
  spool.append(RECORD)
  Object.assign(disk.can, { sync: false, close: false })
  assert.throws(() => spool.close(), { code: 'EIO', message: /sync/ })
  spool.close() // is closed already
})

test('close() gives the file back when the sync fails', () => {
  const disk = memoryDisk()
  let closedCount = 0
  const spool = new Spool(
    {
      ...disk,
      open: (name) => ({ ...disk.open(name), close: () => void closedCount++ }),
    },
    { segmentBytes: 500, syncEvery: false },
  )
  spool.append(RECORD)
  disk.can.sync = false
  assert.throws(() => spool.close(), { message: /sync/ })
  assert.equal(closedCount, 1)
})

test('close() tells of a failed closing', () => {
  const disk = memoryDisk()
  const spool = new Spool(disk, { segmentBytes: 500, syncEvery: false })
  spool.append(RECORD)
  disk.can.close = false
  assert.throws(() => spool.close(), { code: 'EIO', message: /close/ })
})

test('a full segment that cannot be synced holds the next record back', () => {
  const disk = memoryDisk()
  const spool = new Spool(disk, { segmentBytes: 150, syncEvery: false })
  disk.can.sync = false
  let appended = 0
  assert.throws(
    () => {
      for (; ; appended++) spool.append(RECORD)
    },
    { message: /sync/ },
  )
  assert(appended > 0)
  assert.throws(() => spool.append(RECORD), { message: /sync/ }, 'and the one after it')
  disk.can.sync = true
  assert.equal(spool.append(RECORD), appended)
})

test('a failed sync in the background is tried again by the next one', async () => {
  const disk = memoryDisk()
  const spool = new Spool(disk, { segmentBytes: 500, syncEvery: false })
  spool.append(RECORD)
  disk.can.sync = false
  await assert.rejects(spool.syncLater(), { message: /sync/ })
  await assert.rejects(spool.syncLater(), { message: /sync/ })
  disk.can.sync = true
  await spool.syncLater()
})

// Its number may be a socket's by then, which cannot be synced.
for (const code of ['EBADF', 'EINVAL']) {
  test(`a sync in the background that fails by ${code} because its segment was closed has not failed`, async () => {
    const disk = memoryDisk()
    const spool = new Spool(
      {
        ...disk,
        open: (name) => ({
          ...disk.open(name),
          syncLater: () => Promise.reject(Object.assign(new Error(code), { code })),
        }),
      },
      { segmentBytes: 500, syncEvery: false },
    )
    spool.append(RECORD)
    const syncing = spool.syncLater()
    spool.close() // syncs, too
    await syncing
  })
}
