/** What became of the events: of all logs by the ledger, of the answering process by its status. */
import { countsIn, numberIn, type Row, rowIn, textIn } from './fields.ts'

/** What may become of an event, in the order of the books. */
export const OUTCOMES = [
  ['accepted', 'Accepted'],
  ['error', 'Errors of models'],
  ['ignored', 'Ignored'],
  ['rejected', 'Rejected'],
  ['duplicate', 'Duplicates'],
  ['waiting', 'Waiting for their endpoint'],
  ['spooled', 'In the spool, not applied'],
] as const

/** Events by what became of them. */
export interface Books {
  readonly received: number
  /** By the names of OUTCOMES. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly rowsAccepted: number
  readonly rowsRejected: number
}

/** The sums of the ledger. */
export interface Ledger extends Books {
  readonly logCount: number
  /** Dead letters of what was rejected. */
  readonly letters: number
  /** The end of the newest minute that is told of, milliseconds since 1970 UTC. */
  readonly toMs: number | null
}

/** A lane: one kind of writes. */
export interface Lane {
  readonly name: string
  readonly written: number
  readonly pending: number
  readonly refused: number
}

/** The process that answers. */
export interface Process extends Books {
  readonly log: string
  readonly adopted: number
  readonly store: string
  readonly isCatchingUp: boolean
  /** Rows that are in no book: 0, or it is a bug. */
  readonly unaccounted: number
  readonly late: number
  readonly lanes: readonly Lane[]
  readonly parquetFiles: number
  /** Rejected by reason, the most frequent first. */
  readonly rejections: readonly (readonly [string, number])[]
  readonly deadLetterPath: string
}

/** Sums the newest line of each log. */
export function ledgerOf(rows: readonly Row[]): Ledger {
  const outcomes = new Map<string, number>()
  const sums = { received: 0, rowsAccepted: 0, rowsRejected: 0, letters: 0 }
  let toMs: number | null = null
  for (const row of rows) {
    for (const [name] of OUTCOMES) {
      outcomes.set(name, (outcomes.get(name) ?? 0) + (numberIn(row, name) ?? 0))
    }
    sums.received += numberIn(row, 'received') ?? 0
    sums.rowsAccepted += numberIn(row, 'rows_accepted') ?? 0
    sums.rowsRejected += numberIn(row, 'rows_rejected') ?? 0
    sums.letters += numberIn(row, 'letters') ?? 0
    const atMs = Date.parse(textIn(row, 'minute') ?? '')
    if (!Number.isNaN(atMs)) toMs = Math.max(toMs ?? atMs, atMs)
  }
  return { ...sums, outcomes, logCount: rows.length, toMs }
}

/** Reads a status. */
export function processOf(status: Row): Process {
  const events = countsIn(rowIn(status, 'events'))
  const rows = countsIn(rowIn(status, 'rows'))
  const [written, pending, refused] = ['written', 'pending', 'refused'].map((name) =>
    countsIn(rowIn(status, name)),
  )
  const lane = (name: string, key: string): Lane => ({
    name,
    written: written?.get(key) ?? 0,
    pending: pending?.get(key) ?? 0,
    refused: refused?.get(key) ?? 0,
  })
  const adopted: unknown = status['adopted']
  return {
    log: textIn(status, 'log') ?? '',
    adopted: Array.isArray(adopted) ? adopted.length : 0,
    store: textIn(status, 'store') ?? '',
    isCatchingUp: status['catchingUp'] === true,
    received: events.get('received') ?? 0,
    outcomes: events,
    rowsAccepted: rows.get('accepted') ?? 0,
    rowsRejected: rows.get('rejected') ?? 0,
    late: rows.get('late') ?? 0,
    unaccounted: rows.get('unaccounted') ?? 0,
    lanes: [
      lane('Records', 'records'),
      lane('Metric rows', 'metricRows'),
      lane('Parquet rows', 'parquetRows'),
    ],
    parquetFiles: written?.get('parquetFiles') ?? 0,
    rejections: [...countsIn(rowIn(status, 'rejections'))].sort(
      ([, one], [, other]) => other - one,
    ),
    deadLetterPath: textIn(rowIn(status, 'paths'), 'deadLetters') ?? '',
  }
}
