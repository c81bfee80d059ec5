/** Every kind of trouble that schedules hold; a long run must meet each of them. */
export const FAULT_KINDS = [
  'process killed',
  'power cut',
  'killed before a call',
  'killed after a call',
  'killed inside a write',
  'killed while starting',
  'killed while catching up',
  'call reached the store after death',
  'unsynced bytes lost',
  'unsynced bytes garbled',
  'removed file came back',
  'dead letters lost',
  'short write',
  'ENOSPC',
  'EIO',
  'start failed',
  'spool not read while catching up',
  'store refused a call',
  'store applied and failed',
  'store applied a half',
  'record written late',
  'store answered late',
  'answers out of order',
  'sink refused for good',
  'dead letter not written',
  'answer held',
  'event given again after an error',
  'event delivered again',
  'late event',
  'event ahead of time',
  'clock set forward',
  'clock set back',
  'batch limits changed',
  'segment size changed',
  'WHEN_SKEW_MAX changed',
  'worker killed, its disk deleted',
  'worker stood still',
  'worker ended itself',
  'killed with an event in hand',
  'shard moved',
  'shard moved, its owner not told',
  'shard came back',
  'event of a shard elsewhere',
  'zombie took an event',
  'zombie made a claim',
  'zombie wrote a file',
  'zombie wrote the ledger',
  "zombie's checkpoint refused",
  'claim was there',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What schedules must reach besides trouble, so that trouble meets it. */
export const REACHED_KINDS = [
  'segment begun',
  'event came while catching up',
  'answer held while catching up',
  'checkpoint became the beginning',
  'segment removed',
  'hour of event time changed',
  'event rejected',
  'error event',
  'batch event',
  'two logs',
  'two logs with the same endpoints',
  'audited in the middle',
  'shards with the same endpoints',
  'checkpoint stored',
  'windows counted by hand',
  'lag checked',
  'training set registered',
  'values proven',
  'drift window told',
  'drift report counted by hand',
] as const
export type ReachedKind = (typeof REACHED_KINDS)[number]

/** How often each kind was met. */
export class FaultBook {
  readonly #counts = new Map<FaultKind | ReachedKind, number>()

  count(kind: FaultKind | ReachedKind): void {
    this.#counts.set(kind, this.of(kind) + 1)
  }

  of(kind: FaultKind | ReachedKind): number {
    return this.#counts.get(kind) ?? 0
  }

  /** Kinds that were never met. */
  get missing(): readonly string[] {
    return [...FAULT_KINDS, ...REACHED_KINDS].filter((kind) => this.of(kind) === 0)
  }
}
