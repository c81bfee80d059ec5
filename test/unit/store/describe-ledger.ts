import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { LedgerEntry, Store } from '../../../lib/stream/ports.ts'

const MINUTE = 30_000_000

/** The laws of the ledger's ports, for any store; each test works with logs of its own. */
export function describeLedger(storeOf: () => Pick<Store, 'ledger' | 'reader'>): void {
  test('lines of the ledger are read as they were written, in order, the newest of each or all', async () => {
    const { ledger, reader } = storeOf()
    const [log, other] = [`a-${randomUUID()}`, `b-${randomUUID()}`]
    const lines = [
      whole(log, 9, MINUTE, { letters: 2, deliveredBefore: 4 }),
      line(log, 'e1', 9, MINUTE),
      line(log, 'e1', 90, MINUTE + 61),
      line(log, 'e2', 100, MINUTE + 61),
      whole(log, 100, MINUTE + 61, { letters: 3, deliveredBefore: 101 }),
      line(other, 'e1', 5, MINUTE),
    ]
    assert.deepEqual(await ledger.write(lines.slice(1, 3).toReversed()), { kind: 'written' })
    assert.deepEqual(await ledger.write(lines), { kind: 'written' })
    const all = await reader.ledger({ log, isNewest: false })
    assert.deepEqual(all, [lines[0], lines[4], lines[1], lines[2], lines[3]])
    assert.deepEqual(await reader.ledger({ log, isNewest: true }), [lines[4], lines[2], lines[3]])
    assert.deepEqual(await reader.ledger({ log, endpointId: 'e1', isNewest: false }), [
      lines[1],
      lines[2],
    ])
    const early = await reader.ledger({ log, toMinute: MINUTE + 60, isNewest: true })
    assert.deepEqual(early, [lines[0], lines[1]])
    const everything = await reader.ledger({ isNewest: true })
    const ours = everything.filter((entry) => entry.log === log || entry.log === other)
    assert.deepEqual(ours, [lines[4], lines[2], lines[3], lines[5]])
    const ofOne = async (endpointId: string): Promise<readonly LedgerEntry[]> => {
      const entries = await reader.ledger({ endpointId, isNewest: true })
      return entries.filter((entry) => entry.log === log || entry.log === other)
    }
    assert.deepEqual(await ofOne(''), [lines[4]])
    assert.deepEqual(await ofOne('e1'), [lines[2], lines[5]])
    assert.deepEqual(await reader.ledger({ log, endpointId: 'e1', isNewest: true }), [lines[2]])
  })

  test('a line that is written again takes the place of the one before it', async () => {
    const { ledger, reader } = storeOf()
    const log = `c-${randomUUID()}`
    const first = whole(log, 7, MINUTE, { letters: 0, deliveredBefore: 2 })
    const second = whole(log, 7, MINUTE + 1, { letters: 0, deliveredBefore: 8 })
    await ledger.write([first])
    await ledger.write([second])
    const [found, ...others] = await reader.ledger({ log, isNewest: false })
    assert.deepEqual(others, [])
    assert.deepEqual(found, { ...second, minute: found?.minute })
    assert(found !== undefined && [MINUTE, MINUTE + 1].includes(found.minute))
  })

  test('what was counted of values is read as it was written, beside lines without', async () => {
    const { ledger, reader } = storeOf()
    const log = `d-${randomUUID()}`
    const quality = {
      reference: '1f-20',
      since: -1,
      rows: 2 ** 45,
      predicted: [['y\u0000', 1]],
      values: [['__proto__', [1, 2, 3, 4]]],
    } as const
    const lines = [
      { ...line(log, 'e1', 9, MINUTE), quality },
      { ...line(log, 'e1', 12, MINUTE), quality: { ...quality, since: 10, values: [] } },
      line(log, 'e2', 12, MINUTE),
    ]
    assert.deepEqual(await ledger.write(lines), { kind: 'written' })
    assert.deepEqual(await reader.ledger({ log, isNewest: false }), lines)
  })

  test('a write of nothing is written', async () => {
    assert.deepEqual(await storeOf().ledger.write([]), { kind: 'written' })
  })
}

/** A line with counts that tell the columns apart. */
function line(log: string, endpointId: string, offset: number, minute: number): LedgerEntry {
  const events = { received: 21, accepted: 1, error: 2, ignored: 3, rejected: 4, duplicate: 5 }
  const counts = { ...events, waiting: 6, rowsAccepted: 2 ** 45 + offset, rowsRejected: 8 }
  return { log, endpointId, offset, minute, counts, whole: null, quality: null }
}

function whole(
  log: string,
  offset: number,
  minute: number,
  more: NonNullable<LedgerEntry['whole']>,
): LedgerEntry {
  return { ...line(log, '', offset, minute), whole: more }
}
