import { parquetPath } from '../store/parquet/parquet-path.ts'
import type { Claim, LedgerCounts, LedgerEntry } from '../stream/ports.ts'
import type { AuditFacts, LetterFacts, RejectionFacts } from './facts.ts'
import { minus, NOTHING } from './ledger-counts.ts'
import { proveQuality, type QualityProof } from './quality-audit.ts'
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
    | 'values-differ'
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
  /** Of its values; null where they are not held against a reference. */
  readonly quality: QualityProof | null
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

/**
 * Holds what was found in files and tables against the ledger. Each line of the ledger says what a log had
 * counted at an offset, and every row and letter has its offset, so that each line can be proven, and the first
 * one that cannot tells when something went wrong.
 */
export async function audit(facts: AuditFacts): Promise<AuditReport> {
  return await new Audit(facts).report()
}

/** Where an audit begins. */
interface Begin {
  /** -1 for the first record. */
  readonly after: number
  readonly counts: LedgerCounts
  /** Dead letters of a log until then. */
  readonly letters: number
}

class Audit {
  readonly #facts: AuditFacts
  readonly #differences: Difference[] = []
  readonly #before: ReadonlyMap<string, LedgerEntry>
  /** The newest line of each log as a whole. */
  readonly #wholes: ReadonlyMap<string, LedgerEntry>
  readonly #letters: readonly RejectionFacts[]
  /** Rows by log and endpoint. */
  readonly #found = new Map<string, RowCounts>()

  constructor(facts: AuditFacts) {
    this.#facts = facts
    this.#letters = oneOfEachKey(facts.letters)
    this.#before = new Map(facts.before.map((entry) => [keyOf(entry), entry]))
    const wholes = facts.newest.filter(isWhole)
    this.#wholes = new Map(wholes.map((entry) => [entry.log, entry]))
    for (const file of facts.files) this.#rowsOf(file.claim).addFile(file)
    for (const { log, endpointId, offset } of oneOfEachKey(facts.refusedRows)) {
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
    const endpoints: EndpointAudit[] = []
    for (const entry of newest)
      if (!isWhole(entry)) endpoints.push(await this.#auditEndpoint(entry))
    const logs = [...this.#wholes.values()].map((entry) => this.#auditLog(entry, endpoints))
    this.#auditUnknown(new Set(newest.map(keyOf)))
    this.#auditFiles()
    this.#auditRecords()
    const differences = this.#differences
    const unaccounted = differences.reduce((sum, { count }) => sum + count, 0)
    return { unaccounted, differences, logs, endpoints }
  }

  /** What records before that offset of a log have brought is delivered. */
  #deliveredBefore(log: string): number {
    return this.#wholes.get(log)?.whole?.deliveredBefore ?? 0
  }

  /** Where the audit of a log's endpoint, or of the log, begins: after which offset, with which counts. */
  #beginOf(of: { readonly log: string; readonly endpointId: string }): Begin {
    const before = this.#before.get(keyOf(of))
    if (before === undefined) return { after: -1, counts: NOTHING, letters: 0 }
    return { after: before.offset, counts: before.counts, letters: before.whole?.letters ?? 0 }
  }

  /** Rows of an endpoint between where the audit begins and a line. */
  #rowsAt(entry: LedgerEntry, twice: number) {
    const { after, counts } = this.#beginOf(entry)
    const rows = this.#rowsOf(entry)
    const accepted = entry.counts.rowsAccepted - counts.rowsAccepted
    const inParquet = rows.inFiles(after, entry.offset)
    const refused = rows.refused(after, entry.offset)
    return { accepted, inParquet, refused, lack: accepted - (inParquet - twice + refused) }
  }

  async #auditEndpoint(entry: LedgerEntry): Promise<EndpointAudit> {
    const { log, endpointId, offset } = entry
    let twice = 0
    for (const { path, count } of this.#rowsOf(entry).twice(this.#beginOf(entry).after)) {
      twice += count
      const what = `${rowsText(count)} of the file ${path} stand in another file of that hour too.`
      this.#add('rows-twice', entry, count, what)
    }
    const { accepted, inParquet, refused, lack } = this.#rowsAt(entry, twice)
    const missing = lack > 0 ? await this.#findMissing(entry, lack, twice) : 0
    if (lack < 0) {
      const what = `${rowsText(-lack)} more than were accepted up to offset ${offset} are in files or dead letters.`
      this.#add('rows-surplus', entry, -lack, what)
    }
    const pending = Math.max(lack, 0) - missing
    const rows = { accepted, in_parquet: inParquet, dead_lettered: refused, pending, missing }
    const isWhole = twice === 0 && lack >= 0 && missing === 0
    const quality = await this.#proveQuality(entry, isWhole)
    return { log, endpoint_id: endpointId, offset, rows, quality }
  }

  /** Proves what the newest line that can be proven says of values. */
  async #proveQuality(entry: LedgerEntry, hasAllRows: boolean): Promise<QualityProof | null> {
    const { log, endpointId } = entry
    if (entry.quality === null) return null
    if (!hasAllRows) return { state: 'unproven', reason: 'rows' }
    const canBe = (line: LedgerEntry): boolean =>
      line.offset < this.#deliveredBefore(log) && this.#rowsAt(line, 0).lack === 0
    const lines = canBe(entry) ? [entry] : await this.#facts.history(log, endpointId)
    const line = lines.findLast((one) => one.quality !== null && canBe(one))
    const counted = line?.quality ?? null
    const before = this.#before.get(keyOf(entry)) ?? null
    const isNew = line !== undefined && line.offset > (before?.offset ?? -1)
    if (counted === null || !isNew) return { state: 'unproven', reason: 'pending' }
    const facts = { ...this.#facts, letters: this.#letters }
    return await proveQuality(facts, { line, counted, before }, (what) => {
      this.#add('values-differ', entry, 0, what)
    })
  }

  /** How many of the rows that are not there were delivered once; the others may still be on their way. */
  async #findMissing(entry: LedgerEntry, lack: number, twice: number): Promise<number> {
    const { log, endpointId } = entry
    const { after } = this.#beginOf(entry)
    const history = await this.#facts.history(log, endpointId)
    const deliveredBefore = this.#deliveredBefore(log)
    const lacks = history
      .filter(({ offset }) => offset > after && offset < deliveredBefore)
      .map((line) => ({ ...line, lack: this.#rowsAt(line, twice).lack }))
    const missing = Math.min(Math.max(lacks.at(-1)?.lack ?? 0, 0), lack)
    if (missing === 0) return 0
    const first = lacks.findIndex((line) => line.lack > 0)
    const from = lacks[first - 1]?.offset ?? after
    const to = lacks[first] ?? entry
    const what =
      `${rowsText(missing)} are in no file and no dead letter, the first of them from an event at ` +
      `offset ${from + 1} to ${to.offset}, counted by ${timeText(to.minute)}.`
    this.#add('rows-missing', entry, missing, what)
    return missing
  }

  #auditLog(entry: LedgerEntry, endpoints: readonly EndpointAudit[]): LogAudit {
    const { log, offset, whole } = entry
    const counts = minus(entry.counts, this.#beginOf(entry).counts)
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
    const { after, letters } = this.#beginOf(entry)
    const expected = (entry.whole?.letters ?? 0) - letters
    const found = this.#letters.filter(
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
    for (const [key, rows] of this.#found) {
      if (known.has(key)) continue
      const [log = '', endpointId = ''] = key.split(' ')
      const whole = this.#wholes.get(log)
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

  #auditFiles(): void {
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
      if (claim.lastOffset >= this.#deliveredBefore(claim.log)) continue
      if (claim.firstOffset <= this.#beginOf(claim).after) continue
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

  #auditRecords(): void {
    const records = new Map(this.#facts.records.map((record) => [record.endpointId, record]))
    const errors = new Map<string, number>()
    for (const entry of this.#facts.newest) {
      const { log, endpointId, offset, counts } = entry
      // What was said of it later may not be in its record yet.
      if (isWhole(entry) || offset >= this.#deliveredBefore(log)) continue
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

function isWhole({ endpointId }: LedgerEntry): boolean {
  return endpointId === ''
}

function oneOfEachKey<Letter extends LetterFacts>(letters: readonly Letter[]): readonly Letter[] {
  return [...new Map(letters.map((letter) => [letter.key, letter])).values()]
}

function keyOf({ log, endpointId }: { readonly log: string; readonly endpointId: string }): string {
  return `${log} ${endpointId}`
}

/** The path of a claim's file below the folder of all files. */
function nameOf(claim: Claim): string {
  return parquetPath('', claim)
}

function rowsText(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`
}

function timeText(minute: number): string {
  return `${new Date(minute * 60_000).toISOString().slice(0, 16)}Z`
}
