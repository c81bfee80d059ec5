import assert from 'node:assert'
import type { Outcome } from './check-outcome.ts'
import type { LedgerEntry } from './ledger.ts'

/**
 * Counts are those by hand, what goes in comes out, and each dead letter is there once.
 *
 * @param isSummedUp  the log's process has others, and sums up what it says of an endpoint
 * @param hasRivals   the log may have had two owners at a time, and each has written the letters of its events
 */
export function checkBooks(
  outcome: Outcome,
  {
    isSummedUp = false,
    hasRivals = false,
  }: { readonly isSummedUp?: boolean; readonly hasRivals?: boolean } = {},
): void {
  const { log, ledger } = outcome
  const status = log.pipeline?.status()
  assert(status !== undefined)
  const { events, rows, written, refused, pending } = status
  const { received = 0, waiting = 0, ...ends } = events
  const endCount = Object.values(ends).reduce((sum, count) => sum + count, 0)
  assert.equal(received, endCount + waiting, 'what is received comes to an end')
  assert.deepStrictEqual(events, eventsByHand(ledger.entries), 'events are counted as by hand')
  const taken = ledger.entries.filter(({ isDuplicate }) => !isDuplicate)
  assert.equal(
    rows.accepted,
    taken.reduce((sum, { expected }) => sum + expected.rows.length, 0),
    'rows are counted as by hand',
  )
  // What another log says of the same endpoint is read, and answered, at any time.
  const { records } = outcome.world.scenario.hasSameEndpoints ? pending : { records: 0 }
  assert.deepStrictEqual(
    pending,
    { records, metricRows: 0, parquetRows: 0 },
    'nothing waits any more',
  )
  for (const { endpoint_id, predictions } of isSummedUp ? [] : status.endpoints) {
    const own = taken.filter(({ event }) => event.endpointId === endpoint_id)
    const count = own.reduce((sum, { expected }) => sum + expected.rows.length, 0)
    assert.equal(predictions, count, `predictions of ${endpoint_id} are counted as by hand`)
  }
  if (!ledger.entries.some(({ isDoubtful }) => isDoubtful)) {
    assert.equal(
      written.parquetRows + refused.parquetRows,
      rows.accepted,
      'accepted rows are written or refused',
    )
  }
  checkLetters(outcome, taken, { hasRivals })
}

function eventsByHand(entries: readonly LedgerEntry[]): Readonly<Record<string, number>> {
  const counts = { received: 0, accepted: 0, error: 0, ignored: 0, rejected: 0, duplicate: 0 }
  for (const { isDuplicate, expected } of entries) {
    counts.received++
    counts[isDuplicate ? 'duplicate' : expected.outcome]++
  }
  return { ...counts, waiting: 0, spooled: 0 }
}

function checkLetters(
  { world, log }: Outcome,
  taken: readonly LedgerEntry[],
  { hasRivals }: { readonly hasRivals: boolean },
): void {
  const letters = hasRivals ? oneOfEachKey(log.lines.letters) : log.lines.letters
  assert(letters.every((letter) => letter['log'] === log.name))
  const keys = letters.map(keyOf)
  assert.deepStrictEqual(
    keys.filter((key, index) => keys.indexOf(key) < index),
    [],
    'each dead letter is there once',
  )
  const found = new Set(keys)
  const doubtful = new Set(
    taken.filter(({ isDoubtful }) => isDoubtful).map(({ record }) => record.offset),
  )
  const expected = taken.flatMap(({ record, expected }) =>
    expected.letters.map(([call, row]) => ({
      offset: record.offset,
      key: JSON.stringify([record.offset, call, row]),
    })),
  )
  for (const { key } of expected) assert(found.has(key), `no dead letter ${key}`)
  const rejections = letters.filter(
    ({ sink, offset }) => sink === undefined && !doubtful.has(Number(offset)),
  )
  assert.equal(
    rejections.length,
    expected.filter(({ offset }) => !doubtful.has(offset)).length,
    'no dead letter too many',
  )
  if (rejections.length > 0) world.faults.count('event rejected')
}

type Letter = Readonly<Record<string, unknown>>

// Metric rows of samples out of order may share their key, so what they say counts as well.
function keyOf({ sink, key, content, offset, call, row }: Letter): string {
  return JSON.stringify(sink === undefined ? [offset, call, row] : [sink, key, content])
}

function oneOfEachKey(letters: readonly Letter[]): readonly Letter[] {
  return [...new Map(letters.map((letter) => [keyOf(letter), letter])).values()]
}
