import assert from 'node:assert'
import type { Claim } from '../lib/stream/ports.ts'
import { type PlacedRow, rowsIn, rowsRefused } from '../test/support/placed-rows.ts'
import type { Outcome } from './check-outcome.ts'
import type { LedgerEntry } from './ledger.ts'

const HOUR_US = 3_600_000_000

/** Each accepted row is in exactly one file, or refused; each file holds what its claim says. */
export function checkRows(outcome: Outcome): void {
  const { world, log, ledger } = outcome
  const files = [...world.store.memory.files.values()].filter(({ claim }) => claim.log === log.name)
  const written = files.flatMap(rowsIn)
  const refused = rowsRefused(outcome.log.lines.letters)
  const doubtful = ledger.entries.filter(({ isDoubtful }) => isDoubtful)
  const doubtfulOffsets = new Set(doubtful.map(({ record }) => record.offset))
  const isCertain = ({ offset }: PlacedRow): boolean => !doubtfulOffsets.has(offset)
  const expected = ledger.entries.flatMap(rowsOf)
  assert.deepStrictEqual(
    sorted([...written, ...refused].filter(isCertain)),
    sorted(expected.filter(isCertain)),
    'each row is in one file, or refused',
  )
  for (const file of files) {
    assert.deepStrictEqual(
      sorted(rowsIn(file).filter(isCertain)),
      sorted(expected.filter((row) => isCertain(row) && isOf(row, file.claim))),
      'a file holds the rows of its claim',
    )
  }
  for (const entry of doubtful) checkDoubtful(outcome, entry, [...written, ...refused])
  checkClaims(outcome)
}

/** Settings decide about its rows, and have changed: they are in one file at most, or dead letters. */
function checkDoubtful({ log }: Outcome, entry: LedgerEntry, found: readonly PlacedRow[]): void {
  const { record, event, isDuplicate } = entry
  if (isDuplicate) return
  const marks = found.filter(({ offset }) => offset === record.offset).map(({ mark }) => mark)
  assert.equal(new Set(marks).size, marks.length, `${event.requestId} is written twice`)
  const hasLetter = log.lines.letters.some(({ offset }) => offset === record.offset)
  const good = event.rows.filter(({ isGood }) => isGood)
  assert(hasLetter || marks.length === good.length, `${event.requestId} is nowhere`)
}

function rowsOf({ record, event, isDuplicate, expected }: LedgerEntry): readonly PlacedRow[] {
  if (isDuplicate) return []
  const { endpointId, requestId, atUs } = event
  const hour = Math.floor(atUs / HOUR_US)
  return expected.rows.map(({ mark }) => ({
    endpointId,
    hour,
    requestId,
    mark,
    offset: record.offset,
  }))
}

function sorted(rows: readonly PlacedRow[]): readonly PlacedRow[] {
  return [...rows].sort((a, b) => a.offset - b.offset || a.mark - b.mark)
}

function isOf(row: PlacedRow, claim: Claim): boolean {
  const isSameKey = row.endpointId === claim.endpointId && row.hour === claim.hour
  return isSameKey && claim.firstOffset <= row.offset && row.offset <= claim.lastOffset
}

function checkClaims({ world, log }: Outcome): void {
  const claims = world.store.memory.claimed.filter((claim) => claim.log === log.name)
  for (const [index, a] of claims.entries()) {
    for (const b of claims.slice(index + 1)) {
      if (a.endpointId !== b.endpointId || a.hour !== b.hour) continue
      const areApart = a.lastOffset < b.firstOffset || b.lastOffset < a.firstOffset
      assert(areApart, `claims overlap: ${JSON.stringify([a, b])}`)
    }
  }
}
