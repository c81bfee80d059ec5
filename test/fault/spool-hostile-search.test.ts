// A body of nothing but made-up frame headers, each of which claims a long payload, in a frame that is
// damaged: the search for the next whole frame sums each byte a few times at most. Shown by counting the
// bytes that are handed to zlib's sum, which all payloads go through.
import assert from 'node:assert'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import type { SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import { readSpool } from '../support/read-spool.ts'

const zlib: { crc32?: (bytes: Uint8Array, seed?: number) => number } = createRequire(
  import.meta.url,
)('node:zlib')
const sum = zlib.crc32
let summedBytes = 0
if (sum !== undefined) {
  zlib.crc32 = (bytes, seed) => {
    summedBytes += bytes.length
    return sum(bytes, seed)
  }
  syncBuiltinESMExports()
}
// Only now: the spool takes the sum that is there when it is loaded.
const { Spool } = await import('../../lib/stream/accept/spool.ts')
const { encodeFrame, FRAME_HEADER_BYTES, frameBytes } = await import(
  '../../lib/stream/accept/spool-format.ts'
)
const { memoryDisk } = await import('../support/memory-disk.ts')

const BODY_BYTES = 512 * 1024

/** Headers of frames that would each end within the body's first half plus their own place. */
function madeUpHeaders(): Buffer {
  const body = Buffer.alloc(BODY_BYTES / 2)
  const record = { kind: 'event', arrivedAtUs: 7, position: null, body } as const
  const frame = Buffer.alloc(frameBytes(record))
  encodeFrame(record, frame, { offset: 1, seeds: { header: 1, payload: 2 } })
  const header = frame.subarray(0, FRAME_HEADER_BYTES)
  return Buffer.alloc(BODY_BYTES, header)
}

test('the search after damage sums every byte a few times at most', { skip: !sum }, () => {
  const disk = memoryDisk()
  const spool = new Spool(disk, { segmentBytes: 4 * BODY_BYTES, syncEvery: false })
  const bodies = [Buffer.from('before'), madeUpHeaders(), Buffer.from('after')]
  for (const body of bodies) {
    spool.append({ kind: 'event', arrivedAtUs: 7, position: null, body })
  }
  const name = '0000000001.spool'
  const bytes = Buffer.from(disk.read(name))
  const hostileAt = bytes.indexOf(bodies[1] ?? '')
  bytes[hostileAt - 1] = 0xff
  disk.files.set(name, bytes)
  summedBytes = 0
  const again = new Spool(disk, { segmentBytes: 4 * BODY_BYTES, syncEvery: false })
  const records: SpoolRecord[] = [...readSpool(again, () => undefined)]
  assert.deepEqual(
    records.map(({ offset }) => offset),
    [0, 2],
  )
  assert(summedBytes > BODY_BYTES, 'the sums are counted')
  assert(summedBytes < 5 * bytes.length, `${summedBytes} of ${bytes.length} bytes`)
})
