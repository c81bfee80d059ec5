/** Which of the writes a line is about. */
export type SinkName = 'kv' | 'tsdb' | 'parquet' | 'ledger'

/** Takes a fixed sentence and its fields; never throws. */
export interface LogPort {
  readonly debug: (message: string, fields: object) => void
  readonly info: (message: string, fields: object) => void
  readonly warn: (message: string, fields: object) => void
  readonly error: (message: string, fields: object) => void
}

const DEBUG_REJECTIONS_EVERY = 100
const HELD_EVERY = 100
const UNREAD_EVERY = 100

/**
 * Everything that the stream says to people: a fixed sentence and fields with their units. Nothing above
 * debug is written per event.
 */
export class Telemetry {
  readonly #log: LogPort
  #rejectionCount = 0
  #heldCount = 0
  #unreadCount = 0
  #isUnsynced = false

  constructor(log: LogPort) {
    this.#log = log
  }

  /** Environment names that look like a setting with a slip in it. */
  suspiciousSettings(fields: { readonly names: readonly object[] }): void {
    this.#log.warn('The environment has names that look like misspelt settings.', fields)
  }

  started(fields: { readonly store: string; readonly log: string; readonly spool: string }): void {
    this.#log.info('Started.', fields)
  }

  recovered(fields: { readonly recordCount: number; readonly endpointCount: number }): void {
    this.#log.info('Recovered from the spool.', fields)
  }

  /** Told when not all of it could be applied at once. */
  catchingUp(fields: { readonly log: string; readonly recordsLeft: number }): void {
    this.#log.info('Reads the spool again; events that come meanwhile wait in it.', fields)
  }

  spoolNotRead(fields: { readonly reason: string }): void {
    this.#log.warn('The spool cannot be read at present; it is tried again.', fields)
  }

  logAdopted(fields: { readonly log: string }): void {
    this.#log.info('Took over the spool of a process that is gone.', fields)
  }

  logNotAdopted(fields: { readonly reason: string }): void {
    const message =
      'The spool of a process that is gone could not be taken over; it is tried again.'
    this.#log.warn(message, fields)
  }

  shardTaken(fields: {
    readonly shard: string
    readonly log: string
    readonly epoch: number
    readonly offset: number | null
  }): void {
    this.#log.info('Took over a shard, from its checkpoint on.', fields)
  }

  shardLost(fields: { readonly shard: string }): void {
    this.#log.info('A shard was taken over by another worker.', fields)
  }

  /** Tried again with the next checkpoint. */
  spoolNotShortened(fields: { readonly reason: string }): void {
    this.#log.warn('The spool could not be shortened; it is tried again.', fields)
  }

  recordCrashed(fields: { readonly offset: number }): void {
    this.#log.error('A record ended the process twice; it is in the dead letters now.', fields)
  }

  checkpointDamaged(fields: { readonly keptAs: string }): void {
    this.#log.error(
      'A checkpoint cannot be read and was kept aside; windows and counts begin anew.',
      fields,
    )
  }

  spoolDamaged(fields: object): void {
    this.#log.error('Bytes of the spool are no whole records; they were kept aside.', fields)
  }

  /** Every hundredth only: a stream of nothing else must not flood the log. */
  rejected(fields: {
    readonly reason: string
    readonly path: string
    readonly offset: number
  }): void {
    if (this.#rejectionCount++ % DEBUG_REJECTIONS_EVERY === 0) {
      this.#log.debug('Rejected, as every hundredth is told.', fields)
    }
  }

  fileWritten(fields: { readonly endpointId: string; readonly rowCount: number }): void {
    this.#log.info('Parquet file written.', fields)
  }

  sinkRetry(fields: {
    readonly sink: SinkName | 'records' | 'checkpoints'
    readonly reason: string
    readonly attemptCount: number
  }): void {
    this.#log.warn('A store did not take what it was given; it is tried again.', fields)
  }

  /** A store's own sentence about what does not hold it up. */
  storeWarning(message: string, fields: object): void {
    this.#log.warn(message, fields)
  }

  refused(fields: {
    readonly sink: SinkName
    readonly reason: string
    readonly count: number
  }): void {
    this.#log.error('A store refused rows for good; they are in the dead letters.', fields)
  }

  deadLettersWait(fields: { readonly reason: string; readonly count: number }): void {
    this.#log.warn('Dead letters cannot be written yet; they are tried again.', fields)
  }

  /** Told at the first and at every hundredth time. */
  answersHeld(fields: { readonly reason: string }): void {
    if (this.#heldCount++ % HELD_EVERY !== 0) return
    this.#log.warn('Answers are held until there is room; the stream waits.', fields)
  }

  /** Told at the first and at every hundredth time: dashboards ask again and again. */
  readFailed(fields: { readonly reason: string }): void {
    if (this.#unreadCount++ % UNREAD_EVERY !== 0) return
    this.#log.warn('A request could not be answered from the store.', fields)
  }

  /** Told once, until it works again. */
  spoolNotSynced(fields: { readonly reason: string }): void {
    if (this.#isUnsynced) return
    this.#isUnsynced = true
    this.#log.error('The spool cannot be made safe from a power cut; it is tried again.', fields)
  }

  spoolSynced(): void {
    this.#isUnsynced = false
  }
}
