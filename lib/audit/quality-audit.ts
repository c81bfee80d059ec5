import { parseReference } from '../stream/drift/reference.ts'
import { layoutOf, type PaneLayout } from '../stream/drift/window-counts.ts'
import { errorMessage } from '../stream/errors.ts'
import type { LedgerEntry, QualityCounts } from '../stream/ports.ts'
import type { AuditFacts, FileFacts } from './facts.ts'
import { isReadable, VALUE_KINDS, ValueCounts } from './value-counts.ts'

/** Why what was counted of an endpoint's values cannot be counted again. */
export type Unproven =
  /** Rows are missing or there twice, which is said elsewhere. */
  | 'rows'
  /** No line of the ledger that tells of values has all its rows in files yet. */
  | 'pending'
  /** The endpoint's record has another reference by now, or none. */
  | 'other-reference'
  /** What was counted until the audit begins is not known. */
  | 'before'
  | 'file-unreadable'
  /** Values were not to be read. */
  | 'not-asked'

/** What was proven of the values of one endpoint in one log. */
export type QualityProof =
  | {
      readonly state: 'proven' | 'differs'
      /** Of the line of the ledger that was proven. */
      readonly offset: number
      readonly rows: number
      readonly values: Readonly<Record<(typeof VALUE_KINDS)[number], number>>
    }
  | { readonly state: 'unproven'; readonly reason: Unproven }

/** What is counted again: a line, and where the audit of its endpoint begins. */
export interface QualityQuestion {
  readonly line: LedgerEntry
  readonly counted: QualityCounts
  /** The line that the audit begins after; null for none. */
  readonly before: LedgerEntry | null
}

/** A sentence about something that the ledger and what was found do not agree about. */
export type OnDifference = (what: string) => void

/**
 * Counts an endpoint's values again: those of files, of rows that the Parquet sink has refused, and of rows that
 * were refused for a text in the place of a number, which stand in the dead letters.
 */
export async function proveQuality(
  facts: AuditFacts,
  question: QualityQuestion,
  onDifference: OnDifference,
): Promise<QualityProof> {
  const { line, counted, before } = question
  const { readRows } = facts
  if (readRows === null) return unproven('not-asked')
  const record = facts.records.find(({ endpointId }) => endpointId === line.endpointId)
  const layout = layoutIn(record?.featureStats)
  if (layout?.signature !== counted.reference) return unproven('other-reference')
  const begin = beginOf(counted, before)
  if (begin === null) return unproven('before')
  const after = Math.max(counted.since, before?.offset ?? -1)
  const found = new ValueCounts(layout, new Map(counted.predicted))
  const isOurs = ({ log, endpointId }: { readonly log: string; readonly endpointId: string }) =>
    log === line.log && endpointId === line.endpointId
  const isWithin = ({ offset }: { readonly offset: number }) =>
    offset > after && offset <= line.offset
  for (const file of facts.files.filter(({ claim }) => isOurs(claim))) {
    const offsets = offsetsOf(file)
    if (!offsets.some((offset) => isWithin({ offset }))) continue
    try {
      const rows = await readRows(file)
      found.add(rows.filter((_, index) => isWithin({ offset: offsets[index] ?? -1 })))
    } catch (error) {
      onDifference(`The values of the file ${file.path} cannot be read: ${errorMessage(error)}`)
      return unproven('file-unreadable')
    }
  }
  for (const refused of facts.refusedRows) {
    if (isOurs(refused) && isWithin(refused)) found.add([refused.row])
  }
  for (const { log, offset, wrongType } of facts.letters) {
    if (wrongType === null || !isWithin({ offset })) continue
    if (isOurs({ log, endpointId: wrongType.endpointId })) found.addWrongType(wrongType.feature)
  }
  return compare({ line, counted, begin, found }, onDifference)
}

function unproven(reason: Unproven): QualityProof {
  return { state: 'unproven', reason }
}

function layoutIn(featureStats: string | undefined): PaneLayout | null {
  const reference = parseReference(featureStats)
  return reference.kind === 'known' ? layoutOf(reference) : null
}

function offsetsOf({ runs }: FileFacts): readonly number[] {
  return runs.flatMap(({ first, last, rowCount }) =>
    Array.from({ length: (last - first + 1) * rowCount }, (_, index) => {
      return first + Math.floor(index / rowCount)
    }),
  )
}

type Begin = Pick<QualityCounts, 'rows' | 'values'>
const NOTHING: Begin = { rows: 0, values: [] }

/** What was counted of the same kind where the audit begins; null where that is not known. */
function beginOf(counted: QualityCounts, before: LedgerEntry | null): Begin | null {
  if (before === null || before.offset <= counted.since) return NOTHING
  const known = before.quality
  const isSame = known?.reference === counted.reference && known.since === counted.since
  return isSame ? known : null
}

function compare(
  {
    line,
    counted,
    begin,
    found,
  }: {
    readonly line: LedgerEntry
    readonly counted: QualityCounts
    readonly begin: Begin
    readonly found: ValueCounts
  },
  onDifference: OnDifference,
): QualityProof {
  const rows = counted.rows - begin.rows
  const sums = { missing: 0, wrong_type: 0, out_of_range: 0, unseen: 0 }
  let isProven = rows === found.rows
  if (!isProven) {
    onDifference(
      `The values of ${rows} rows were counted up to offset ${line.offset}, ${found.rows} rows are there.`,
    )
  }
  const [all, earlier, there] = [new Map(counted.values), new Map(begin.values), found.values]
  for (const name of new Set([...all.keys(), ...there.keys()])) {
    if (!isReadable(name)) continue
    for (const [kind, word] of VALUE_KINDS.entries()) {
      const count = (all.get(name)?.[kind] ?? 0) - (earlier.get(name)?.[kind] ?? 0)
      const again = there.get(name)?.[kind] ?? 0
      sums[word] += again
      if (count === again) continue
      isProven = false
      onDifference(
        `Of the feature ${JSON.stringify(name)} ${count} values were counted as ${word} up to offset ` +
          `${line.offset}, and ${again} are there.`,
      )
    }
  }
  const { offset } = line
  return { state: isProven ? 'proven' : 'differs', offset, rows: found.rows, values: sums }
}
