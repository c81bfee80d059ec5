import { hourOf } from '../accept/parse-when.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import type { Claim } from '../ports.ts'
import type { ClaimedRanges } from './claimed-ranges.ts'
import { NOTHING_WAITS } from './log-place.ts'
import { PredictionBatch, type PredictionRow } from './prediction-batch.ts'
import { RowPool } from './row-pool.ts'

/** When predictions are written. */
export interface PredictionLimits {
  /** Rows that fill one file, > 0. */
  readonly rowsMax: number
  readonly ageMsMax: number
  /** Memory of one batch, and of all open ones together: beyond it the oldest are cut. */
  readonly bytesMax: number
  readonly openBytesMax: number
}

/** What a batch is of. */
interface BatchKey {
  readonly endpoint: Endpoint
  /** Whole hours since 1970 UTC. */
  readonly hour: number
  /** The claim that its rows belong to, if an earlier run of this log made it. */
  readonly promised: Claim | null
}

/** The rows of one endpoint and hour that wait for their file. */
export class OpenBatch extends PredictionBatch {
  isFull = false
  readonly hour: number
  readonly promised: Claim | null
  readonly endpoint: Endpoint

  /** @param openedAtMs  the clock when it got its first row, milliseconds since 1970 UTC */
  constructor({ endpoint, hour, promised }: BatchKey, openedAtMs: number, pool: RowPool) {
    super(endpoint.shape.columns, openedAtMs, pool)
    this.hour = hour
    this.promised = promised
    this.endpoint = endpoint
  }

  /** Reads from all over the batch (read-ahead.ts). */
  override touch(): number {
    return super.touch() + this.hour
  }
}

/**
 * Predictions of one log on their way to Parquet. Batches are opened per endpoint and hour, and cut only
 * between records of the log, so that a file holds all rows of its key in its range of offsets.
 */
export class PredictionBatches {
  readonly #limits: PredictionLimits
  readonly #claims: ClaimedRanges
  readonly #open = new Map<Endpoint, OpenBatch[]>()
  /** By the endpoint's slot: the batch that its last row went to. */
  readonly #current: (OpenBatch | undefined)[] = []
  /** All open batches in the order in which they were opened. */
  readonly #byAge = new Set<OpenBatch>()
  readonly #promised = new Map<Claim, OpenBatch>()
  readonly #full: OpenBatch[] = []
  readonly #cut: OpenBatch[] = []
  /** Taken by whoever writes them, and not settled yet. */
  readonly #taken = new Set<OpenBatch>()
  readonly #pool = new RowPool()
  /** Whether everything was read again that earlier owners may have claimed. */
  #isReadAgain = false
  #openBytes = 0
  #cutBytes = 0
  #openRows = 0
  #cutRows = 0
  /** Rows whose files an earlier run of this log has written, or that are dead letters of one. */
  writtenBefore = 0
  refusedBefore = 0

  constructor(limits: PredictionLimits, claims: ClaimedRanges) {
    this.#limits = limits
    this.#claims = claims
  }

  /** Rows that wait, in open batches and in cut ones. */
  get rowCount(): number {
    return this.#openRows + this.#cutRows
  }

  /** Memory of the batches that were cut and wait for the sink. */
  get cutBytes(): number {
    return this.#cutBytes
  }

  /** Reads a number of the batch that the endpoint's next row may go to (read-ahead.ts). */
  touch(slot: number): number {
    return this.#current[slot]?.touch() ?? 0
  }

  /** Adds a row to the batch of its endpoint and hour, unless an earlier run has written its file. */
  add(endpoint: Endpoint, row: PredictionRow, nowMs: number): void {
    const hour = hourOf(row.call.atUs)
    const open =
      !this.#isReadAgain || row.offset <= this.#claims.lastOffset
        ? this.#placeClaimed({ endpoint, hour }, row.offset, nowMs)
        : this.#openOf(endpoint, hour, nowMs)
    if (open === null) return
    const { columns } = endpoint.shape
    if (open.columns !== columns) open.setColumns(columns)
    const bytesBefore = open.bytes
    open.append(row)
    this.#openBytes += open.bytes - bytesBefore
    this.#openRows++
    if (open.isFull || open.promised !== null) return
    if (open.rowCount >= this.#limits.rowsMax || open.bytes >= this.#limits.bytesMax) {
      open.isFull = true
      this.#full.push(open)
    }
  }

  /** Of a log that is read again: a row in a claimed range belongs to that claim's file. */
  #placeClaimed(
    { endpoint, hour }: { endpoint: Endpoint; hour: number },
    offset: number,
    nowMs: number,
  ): OpenBatch | null {
    const range = this.#claims.find({ endpointId: endpoint.endpointId, hour }, offset)
    this.#cutSpanning(endpoint, offset + 1)
    if (range === null) return this.#openOf(endpoint, hour, nowMs)
    if (range.state !== 'promised') {
      if (range.state === 'written') this.writtenBefore++
      else this.refusedBefore++
      return null
    }
    const known = this.#promised.get(range.claim)
    if (known !== undefined) return known
    const open = new OpenBatch({ endpoint, hour, promised: range.claim }, nowMs, this.#pool)
    this.#promised.set(range.claim, open)
    this.#openBytes += open.bytes
    return open
  }

  /**
   * Cuts an endpoint's batches that would have a claimed range in the middle: another owner has claimed what
   * came after their rows, or under other settings a row is taken that was rejected when the claim was made.
   * None of them has rows of the record that is being applied.
   */
  #cutSpanning(endpoint: Endpoint, offset: number): void {
    const { lastOffset } = this.#claims
    const batches = this.#open.get(endpoint)
    // Nearly always no claim has rows behind the first one of any.
    if (!batches?.some((open) => open.rowCount > 0 && open.offsets.first < lastOffset)) return
    for (const open of [...batches]) {
      if (open.rowCount === 0) continue
      const key = { endpointId: endpoint.endpointId, hour: open.hour }
      if (this.#claims.liesBetween(key, open.offsets.first, offset)) this.#cutOne(open)
    }
  }

  #openOf(endpoint: Endpoint, hour: number, nowMs: number): OpenBatch {
    const current = this.#current[endpoint.slot]
    if (current !== undefined && current.hour === hour) return current
    const open = this.#findOrOpen(endpoint, hour, nowMs)
    this.#current[endpoint.slot] = open
    return open
  }

  #findOrOpen(endpoint: Endpoint, hour: number, nowMs: number): OpenBatch {
    const hours = this.#open.get(endpoint)
    const known = hours?.find((open) => open.hour === hour)
    if (known !== undefined) return known
    const open = new OpenBatch({ endpoint, hour, promised: null }, nowMs, this.#pool)
    if (hours === undefined) this.#open.set(endpoint, [open])
    else hours.push(open)
    this.#byAge.add(open)
    this.#openBytes += open.bytes
    return open
  }

  /** To be called between records of the log: cuts what has become full or too much. */
  cutFull(): void {
    if (this.#full.length > 0) {
      for (const open of this.#full.splice(0)) if (this.#byAge.has(open)) this.#cutOne(open)
    }
    while (this.#openBytes > this.#limits.openBytesMax) {
      const [oldest] = this.#byAge
      if (oldest === undefined) return
      this.#cutOne(oldest)
    }
  }

  /** Between records of the log: cuts what is old enough; with an infinite time everything. */
  cutDue(nowMs: number): void {
    for (const open of this.#byAge) {
      if (nowMs - open.openedAtMs < this.#limits.ageMsMax) return
      this.#cutOne(open)
    }
  }

  /** Between records of the log: cuts an endpoint's batches, before its rows get other columns. */
  cutEndpoint(endpoint: Endpoint): void {
    for (const open of [...(this.#open.get(endpoint) ?? [])]) this.#cutOne(open)
  }

  /** After the log was read again: the promised files are as whole as they will ever be. */
  cutPromised(): void {
    this.#isReadAgain = true
    // No open batch goes on behind a range that was claimed before.
    for (const endpoint of [...this.#open.keys()]) {
      this.#cutSpanning(endpoint, Number.POSITIVE_INFINITY)
    }
    for (const open of this.#promised.values()) this.#moveToCut(open)
    this.#promised.clear()
  }

  #cutOne(open: OpenBatch): void {
    this.#byAge.delete(open)
    this.#current[open.endpoint.slot] = undefined
    const hours = this.#open.get(open.endpoint) ?? []
    if (hours.length <= 1) this.#open.delete(open.endpoint)
    else hours.splice(hours.indexOf(open), 1)
    this.#moveToCut(open)
  }

  #moveToCut(open: OpenBatch): void {
    const { bytes, rowCount } = open
    this.#openBytes -= bytes
    this.#cutBytes += bytes
    this.#openRows -= rowCount
    this.#cutRows += rowCount
    this.#cut.push(open)
  }

  /** The batch that was cut first; it counts as waiting until `settle`. */
  takeCut(): OpenBatch | null {
    const open = this.#cut.shift() ?? null
    if (open !== null) this.#taken.add(open)
    return open
  }

  /** Offset of the oldest record that has a row here, NOTHING_WAITS for none; costs a look at each batch. */
  get oldestOffset(): number {
    let oldest = NOTHING_WAITS
    for (const batches of [this.#byAge, this.#promised.values(), this.#cut, this.#taken]) {
      for (const open of batches) {
        if (open.rowCount > 0) oldest = Math.min(oldest, open.offsets.first)
      }
    }
    return oldest
  }

  /** Between records of the log: cuts the batches whose first row comes from a record up to that one. */
  cutUpTo(offset: number): void {
    for (const open of this.#byAge) {
      if (open.rowCount > 0 && open.offsets.first <= offset) this.#cutOne(open)
    }
  }

  /** The batch that was taken is written, or given up. */
  settle(open: OpenBatch): void {
    this.#taken.delete(open)
    this.#cutBytes -= open.bytes
    this.#cutRows -= open.rowCount
    open.release()
  }
}
