import { parquetPath } from '../store/parquet/parquet-path.ts'
import type { Claim, LedgerCounts, LedgerEntry } from '../stream/ports.ts'
import type { AuditFacts } from './facts.ts'
import { RowCounts } from './row-counts.ts'

/** Something that the books and what was found do not agree about. */
export interface Difference {
  readonly kind:
    | 'events-unbalanced'
    | 'rows-unbalanced'
    | 'rows-missing'
    | 'rows-twice'
    | 'rows-surplus'
    | 'rows-unknown'
    | 'letters-missing'
    | 'letters-surplus'
    | 'file-damaged'
    | 'file-missing'
    | 'file-unclaimed'
    | 'record-missing'
    | 'record-errors'
  readonly log: string
  /** '' where it is about more than one. */
  readonly endpoint_id: string
  /** Events, rows or letters that are not accounted for; 0 where another difference counts them. */
  readonly count: number
  /** A sentence for people. */
  readonly what: string
}

/** Rows of accepted events: accepted = in_parquet + dead_lettered + pending + missing - twice - surplus. */
export interface RowBalance {
  readonly accepted: number
  /** In Parquet files; a row that is there twice counts twice. */
  readonly in_parquet: number
  /** Refused by the Parquet sink. */
  readonly dead_lettered: number
  /** Not written yet; all of them stand in a log. */
  readonly pending: number
  readonly missing: number
}

/** The books of one endpoint in one log. */
export interface EndpointAudit {
  readonly log: string
  readonly endpoint_id: string
  /** Of the newest record that the books count. */
  readonly offset: number
  readonly rows: RowBalance
}

/** The books of one log. */
export interface LogAudit {
  readonly log: string
  readonly offset: number
  readonly delivered_before: number
  readonly events: Omit<LedgerCounts, 'rowsAccepted' | 'rowsRejected'>
  readonly rows: RowBalance & { readonly rejected: number }
  /** Dead letters of what was rejected, and how many there are by the books. */
  readonly letters: { readonly found: number; readonly expected: number }
}

/** What an audit comes to. */
export interface AuditReport {
  /** 0, or events, rows and letters that nobody can tell the whereabouts of. */
  readonly unaccounted: number
  readonly differences: readonly Difference[]
  readonly logs: readonly LogAudit[]
  readonly endpoints: readonly EndpointAudit[]
}

const NOTHING: LedgerCounts = {
  received: 0,
  accepted: 0,
  error: 0,
  ignored: 0,
  rejected: 0,
  duplicate: 0,
  waiting: 0,
  rowsAccepted: 0,
  rowsRejected: 0,
}

/**
 * Holds what was found in files and tables against the ledger. Each line of the ledger says what a log had
 * counted at an offset, and every row and letter has its offset, so that each line can be proven, and the first
 * one that cannot tells when something went wrong.
 */
export async function audit(facts: AuditFacts): Promise<AuditReport> {
  return await new Audit(facts).report()
}

class Audit {
  readonly #facts: AuditFacts
  readonly #differences: Difference[] = []
  readonly #before: ReadonlyMap<string, LedgerEntry>
  /** Rows by log and endpoint. */
  readonly #found = new Map<string, RowCounts>()

  constructor(facts: AuditFacts) {
    this.#facts = facts
    this.#before = new Map(facts.before.map((entry) => [keyOf(entry), entry]))
    for (const file of facts.files) this.#rowsOf(file.claim).addFile(file)
    for (const { log, endpointId, offset } of facts.refusedRows) {
      this.#rowsOf({ log, endpointId }).addRefused(offset)
    }
  }

  #rowsOf(of: { readonly log: string; readonly endpointId: string }): RowCounts {
    const key = keyOf(of)
    const found = this.#found.get(key) ?? new RowCounts()
    this.#found.set(key, found)
    return found
  }

  #add(
    kind: Difference['kind'],
    { log, endpointId = '' }: { readonly log: string; readonly endpointId?: string },
    count: number,
    what: string,
  ): void {
    this.#differences.push({ kind, log, endpoint_id: endpointId, count, what })
  }

  async report(): Promise<AuditReport> {
    const { newest, damaged } = this.#facts
    for (const { path, reason } of damaged) {
      this.#add('file-damaged', { log: '' }, 1, `The file ${path} cannot be read: ${reason}.`)
    }
    const wholes = newest.filter(({ endpointId }) => endpointId === '')
    const endpoints: EndpointAudit[] = []
    for (const entry of newest) {
      if (entry.endpointId === '') continue
      const whole = wholes.find(({ log }) => log === entry.log)
      endpoints.push(await this.#auditEndpoint(entry, whole?.whole?.deliveredBefore ?? 0))
    }
    const logs = wholes.map((entry) => this.#auditLog(entry, endpoints))
    this.#auditUnknown(new Set(newest.map(keyOf)))
    this.#auditFiles(wholes)
    this.#auditRecords(wholes)
    const differences = this.#differences
    const unaccounted = differences.reduce((sum, { count }) => sum + count, 0)
    return { unaccounted, differences, logs, endpoints }
  }

  /** Rows of an endpoint that ought to be somewhere, between where the audit begins and a line. */
  #lackAt(entry: LedgerEntry): number {
    const before = this.#before.get(keyOf(entry))
    const after = before?.offset ?? -1
    const rows = this.#rowsOf(entry)
    const twice = rows.twice(after).reduce((sum, { count }) => sum + count, 0)
    const accepted = entry.counts.rowsAccepted - (before?.counts.rowsAccepted ?? 0)
    const found = rows.inFiles(after, entry.offset) - twice + rows.refused(after, entry.offset)
    return accepted - found
  }

  async #auditEndpoint(entry: LedgerEntry, deliveredBefore: number): Promise<EndpointAudit> {
    const { log, endpointId, offset, counts } = entry
    const before = this.#before.get(keyOf(entry))
    const after = before?.offset ?? -1
    const rows = this.#rowsOf(entry)
    for (const { path, count } of rows.twice(after)) {
      const what = `${rowsText(count)} of the file ${path} stand in another file of that hour too.`
      this.#add('rows-twice', entry, count, what)
    }
    const lack = this.#lackAt(entry)
    const missing = lack > 0 ? await this.#findMissing(entry, lack, deliveredBefore) : 0
    if (lack < 0) {
      const what = `${rowsText(-lack)} more than were accepted up to offset ${offset} are in files or dead letters.`
      this.#add('rows-surplus', entry, -lack, what)
    }
    return {
      log,
      endpoint_id: endpointId,
      offset,
      rows: {
        accepted: counts.rowsAccepted - (before?.counts.rowsAccepted ?? 0),
        in_parquet: rows.inFiles(after, offset),
        dead_lettered: rows.refused(after, offset),
        pending: Math.max(lack, 0) - missing,
        missing,
      },
    }
  }

  /** How many of the rows that are not there were delivered once; the others may still be on their way. */
  async #findMissing(entry: LedgerEntry, lack: number, deliveredBefore: number): Promise<number> {
    const { log, endpointId } = entry
    const after = this.#before.get(keyOf(entry))?.offset ?? -1
    const history = await this.#facts.history(log, endpointId)
    const lines = history.filter(({ offset }) => offset > after && offset < deliveredBefore)
    const newest = lines.at(-1)
    const missing = newest === undefined ? 0 : Math.min(Math.max(this.#lackAt(newest), 0), lack)
    if (missing === 0) return 0
    const first = lines.findIndex((line) => this.#lackAt(line) > 0)
    const from = lines[first - 1]?.offset ?? after
    const to = lines[first] ?? entry
    const what =
      `${rowsText(missing)} are in no file and no dead letter, the first of them from an event at ` +
      `offset ${from + 1} to ${to.offset}, counted by ${timeText(to.minute)}.`
    this.#add('rows-missing', entry, missing, what)
    return missing
  }

  #auditLog(entry: LedgerEntry, endpoints: readonly EndpointAudit[]): LogAudit {
    const { log, offset, whole } = entry
    const before = this.#before.get(keyOf(entry))
    const counts = minus(entry.counts, before?.counts ?? NOTHING)
    const { rowsAccepted, rowsRejected, ...events } = counts
    const { received, ...outcomes } = events
    const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
    if (received !== ended) {
      const what = `${received} events were received and ${ended} came to an end or wait.`
      this.#add('events-unbalanced', entry, Math.abs(received - ended), what)
    }
    const own = endpoints.filter((endpoint) => endpoint.log === log)
    const sum = (name: keyof RowBalance): number =>
      own.reduce((total, { rows }) => total + rows[name], 0)
    // Where an endpoint's line is newer than that of the log, the log's next one is under way.
    const isSettled = own.every((endpoint) => endpoint.offset <= offset)
    if (isSettled && sum('accepted') !== rowsAccepted) {
      const what = `The log has accepted ${rowsText(rowsAccepted)}, its endpoints ${rowsText(sum('accepted'))}.`
      this.#add('rows-unbalanced', entry, Math.abs(sum('accepted') - rowsAccepted), what)
    }
    return {
      log,
      offset,
      delivered_before: whole?.deliveredBefore ?? 0,
      events,
      rows: {
        accepted: rowsAccepted,
        rejected: rowsRejected,
        in_parquet: sum('in_parquet'),
        dead_lettered: sum('dead_lettered'),
        pending: sum('pending'),
        missing: sum('missing'),
      },
      letters: this.#auditLetters(entry),
    }
  }

  #auditLetters(entry: LedgerEntry): LogAudit['letters'] {
    const before = this.#before.get(keyOf(entry))
    const after = before?.offset ?? -1
    const expected = (entry.whole?.letters ?? 0) - (before?.whole?.letters ?? 0)
    const found = this.#facts.letters.filter(
      ({ log, offset }) => log === entry.log && offset > after && offset <= entry.offset,
    ).length
    const { deliveredBefore = 0 } = entry.whole ?? {}
    // Letters that the disk has not taken yet hold everything up; events that wait have theirs to come.
    if (found < expected && deliveredBefore >= 0) {
      const what = `${expected - found} of ${expected} dead letters are not there.`
      this.#add('letters-missing', entry, expected - found, what)
    } else if (found > expected && entry.counts.waiting === 0) {
      const what = `There are ${found - expected} dead letters more than the ${expected} that were written.`
      this.#add('letters-surplus', entry, found - expected, what)
    }
    return { found, expected }
  }

  /** Files of endpoints that the ledger does not know. */
  #auditUnknown(known: ReadonlySet<string>): void {
    const wholes = this.#facts.newest.filter(({ endpointId }) => endpointId === '')
    for (const [key, rows] of this.#found) {
      if (known.has(key)) continue
      const [log = '', endpointId = ''] = key.split(' ')
      const whole = wholes.find((entry) => entry.log === log)
      // Rows of events that waited, and rows behind what the books say of the log, come with its next line.
      if (whole !== undefined && whole.counts.waiting > 0) continue
      const count = rows.inFiles(-1, whole?.offset ?? Number.POSITIVE_INFINITY)
      if (count === 0) continue
      const what =
        whole === undefined
          ? `${rowsText(count)} are in files, and the ledger does not know the log: its function ended in its first minute and was not started again, or the ledger is not that of these files.`
          : `${rowsText(count)} are in files, and the ledger does not know the endpoint in that log.`
      this.#add('rows-unknown', { log, endpointId }, count, what)
    }
  }

  #auditFiles(wholes: readonly LedgerEntry[]): void {
    const { claims, files, refusedRows } = this.#facts
    const there = new Map(files.map(({ claim, path }) => [nameOf(claim), path]))
    const claimed = new Map(claims.map((claim) => [nameOf(claim), claim]))
    for (const { path, claim } of files) {
      const own = claimed.get(nameOf(claim))
      if (own?.firstOffset === claim.firstOffset && own.lastOffset === claim.lastOffset) continue
      const what = `The file ${path} was not claimed: a start would not know that its rows are written.`
      this.#add('file-unclaimed', claim, 0, what)
    }
    for (const claim of claims) {
      if (there.has(nameOf(claim))) continue
      const whole = wholes.find(({ log }) => log === claim.log)
      const after = this.#before.get(keyOf(claim))?.offset ?? -1
      if (claim.lastOffset >= (whole?.whole?.deliveredBefore ?? 0)) continue
      if (claim.firstOffset <= after) continue
      const isRefused = refusedRows.some(
        ({ log, endpointId, offset }) =>
          log === claim.log &&
          endpointId === claim.endpointId &&
          offset >= claim.firstOffset &&
          offset <= claim.lastOffset,
      )
      if (isRefused) continue
      const what = `The file ${nameOf(claim)} of offsets ${claim.firstOffset} to ${claim.lastOffset} is gone.`
      this.#add('file-missing', claim, 0, what)
    }
  }

  #auditRecords(wholes: readonly LedgerEntry[]): void {
    const records = new Map(this.#facts.records.map((record) => [record.endpointId, record]))
    const errors = new Map<string, number>()
    for (const { log, endpointId, offset, counts } of this.#facts.newest) {
      const whole = wholes.find((entry) => entry.log === log)
      // What was said of it later may not be in its record yet.
      if (endpointId === '' || offset >= (whole?.whole?.deliveredBefore ?? 0)) continue
      // Calls without a good row alone do not make a record.
      if (counts.rowsAccepted + counts.error + counts.rejected === 0) continue
      errors.set(endpointId, (errors.get(endpointId) ?? 0) + counts.error + counts.rejected)
    }
    for (const [endpointId, count] of errors) {
      const record = records.get(endpointId)
      if (record === undefined) {
        this.#add('record-missing', { log: '', endpointId }, 0, 'The endpoint has no record.')
      } else if (record.errorCount < count) {
        const what = `The record has error_count ${record.errorCount}, the ledger ${count}.`
        this.#add('record-errors', { log: '', endpointId }, 0, what)
      }
    }
  }
}

function keyOf({ log, endpointId }: { readonly log: string; readonly endpointId: string }): string {
  return `${log} ${endpointId}`
}

/** The path of a claim's file below the folder of all files. */
function nameOf(claim: Claim): string {
  return parquetPath('', claim)
}

function minus(one: LedgerCounts, other: LedgerCounts): LedgerCounts {
  return {
    received: one.received - other.received,
    accepted: one.accepted - other.accepted,
    error: one.error - other.error,
    ignored: one.ignored - other.ignored,
    rejected: one.rejected - other.rejected,
    duplicate: one.duplicate - other.duplicate,
    waiting: one.waiting - other.waiting,
    rowsAccepted: one.rowsAccepted - other.rowsAccepted,
    rowsRejected: one.rowsRejected - other.rowsRejected,
  }
}

function rowsText(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`
}

function timeText(minute: number): string {
  return `${new Date(minute * 60_000).toISOString().slice(0, 16)}Z`
}
