import type { Endpoint } from '../compute/endpoint.ts'
import type { EndpointMerge } from '../compute/endpoint-merge.ts'
import type { Clock, StoredRecord } from '../ports.ts'
import {
  type DriftReport,
  type DriftState,
  type DueWindow,
  EndpointDrift,
  type MinuteCounts,
  type StandingAlarm,
  type WaitingWindow,
} from './endpoint-drift.ts'
import { type DriftOutcome, type Evaluation, evaluation } from './evaluate.ts'
import { type DriftPanes, PANES } from './histogram.ts'
import { emptyWindow } from './window-counts.ts'

/** How drift is measured. */
export interface DriftSettings {
  /** DRIFT_WINDOW, a multiple of 12 ms. */
  readonly windowMs: number
  /** Chance of a false alarm in one complete window (`levelOf`), 0 to 1. */
  readonly level: number
}

/** What a monitor works on. */
export interface DriftMonitorParts {
  readonly settings: DriftSettings
  readonly merge: Pick<EndpointMerge, 'everywhere'>
  readonly clock: Clock
  /** Told of an endpoint before it changes. */
  readonly onChange: (endpoint: Endpoint) => void
  /** Told what a window has shown, and what was said before. */
  readonly onReport: (endpoint: Endpoint, report: DriftReport, before: Standing) => void
  /** Told what a minute's values were, in whole minutes since 1970 UTC. */
  readonly onMinute: (endpoint: Endpoint, minute: number, counts: MinuteCounts) => void
}

/** What is said of an endpoint until there is a next report. */
export type Standing = Pick<EndpointDrift, 'status' | 'alarms'>

/** A window that waits to be measured. */
interface Item extends WaitingWindow {
  readonly endpoint: Endpoint
  readonly drift: EndpointDrift
  readonly panes: DriftPanes
  readonly askedUs: number
  /** The window's end, or as far as a flush has found rows; milliseconds since 1970 UTC. */
  readonly endMs: number
  /** Of a flush: the pane goes on, and will be due. */
  readonly isEarly: boolean
  steps: Evaluation | null
}

/** So long a window waits for logs of the endpoint that are behind. */
const GRACE_US = 10_000_000

/**
 * Measures the drift of one log's endpoints: windows that are due queue up, and are measured a feature at a
 * time between events. Of an endpoint that several logs have, the sum is measured, once.
 */
export class DriftMonitor {
  readonly #parts: DriftMonitorParts
  readonly #queue = new Set<Item>()
  #isRunning = false

  constructor(parts: DriftMonitorParts) {
    this.#parts = parts
  }

  /**
   * Whether a window waits to be measured: it is in no state, and nothing else tells that it is owed, so that
   * the log must not begin after what made it due.
   */
  get isBusy(): boolean {
    return this.#queue.size > 0
  }

  /**
   * The endpoint's record was read: it may have another reference now.
   *
   * @param since  offset of the log's last record whose rows of the endpoint were applied before, -1 for none
   */
  learn(endpoint: Endpoint, record: StoredRecord, since: number): void {
    const { windowMs } = this.#parts.settings
    const before = endpoint.drift
    const drift = EndpointDrift.of(record, before, { windowMs, since })
    if (drift === before) return
    for (const { finish } of before?.waiting ?? []) finish()
    endpoint.drift = drift
    if (drift === null || drift.reference.kind === 'known') return
    const endMs = Math.max(endpoint.newestUs, 0) / 1000
    this.#tell(endpoint, { endMs, outcome: drift.reference, status: null, alarms: [] })
  }

  /** Takes an endpoint's drift up from a checkpoint, which may have none. */
  restore(endpoint: Endpoint, state: DriftState | undefined): void {
    if (state === undefined) return
    endpoint.drift = EndpointDrift.restore(state, this.#parts.settings.windowMs)
  }

  /**
   * Stream time of an endpoint has come to a time: what is due by then is put in line. To be called before
   * a row of that time is counted, and by a timer.
   */
  advance(endpoint: Endpoint, streamUs: number): void {
    const { drift } = endpoint
    if (drift === null || streamUs < drift.dueUs || drift.panes === null) return
    this.#parts.onChange(endpoint)
    const minute = drift.endedMinute(streamUs)
    if (minute !== null) this.#tellMinute(endpoint, minute)
    for (const due of drift.takeDue(streamUs)) {
      const endMs = ((due.pane + 1) * drift.panes.paneUs) / 1000
      this.#ask(endpoint, { ...due, endMs, isEarly: false })
    }
    // The row to come may take the place of the oldest pane that they need.
    const pane = drift.panes.paneOf(streamUs)
    for (const part of this.#parts.merge.everywhere(endpoint)) {
      for (const item of part.drift?.waiting ?? []) if (item.pane < pane - 1) item.finish()
    }
  }

  #tellMinute(endpoint: Endpoint, minute: number): void {
    const counts: MinuteCounts = { rows: 0, odd: new Map() }
    for (const { drift } of this.#parts.merge.everywhere(endpoint)) {
      drift?.tellMinute(minute, counts)
    }
    this.#parts.onMinute(endpoint, minute, counts)
  }

  #ask(endpoint: Endpoint, due: DueWindow & Pick<Item, 'endMs' | 'isEarly'>): void {
    const { drift } = endpoint
    if (drift === null || drift.panes === null) return
    const item: Item = {
      ...due,
      endpoint,
      drift,
      panes: drift.panes,
      askedUs: this.#parts.clock.nowUs(),
      steps: null,
      finish: () => {
        while (this.#queue.has(item)) this.#measure(item)
      },
    }
    this.#queue.add(item)
    drift.waiting.add(item)
  }

  /** Measures what waits, a feature at a time, with room for events in between. */
  async run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    while (this.#step()) await this.#letEventsThrough()
    this.#isRunning = false
  }

  /** Tells all that was counted so far, also of panes and minutes that go on; settles when it is told. */
  async flush(endpoints: readonly Endpoint[]): Promise<void> {
    for (const endpoint of endpoints) {
      const { drift } = endpoint
      if (drift === null) continue
      this.#parts.onChange(endpoint)
      const minute = drift.openMinute
      if (minute !== null) this.#tellMinute(endpoint, minute)
      const pane = drift.openPane
      const endMs = Math.floor(endpoint.newestUs / 1000) + 1
      if (pane === null) continue
      this.#ask(endpoint, { pane, lastPane: pane, isComplete: false, endMs, isEarly: true })
    }
    for (const { finish } of [...this.#queue]) {
      finish()
      await this.#letEventsThrough()
    }
  }

  #letEventsThrough(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(0, resolve)
    })
  }

  /** Measures nothing more. */
  close(): void {
    for (const { drift } of this.#queue) drift.waiting.clear()
    this.#queue.clear()
  }

  /** One step of the oldest window that need not wait; false if there is none. */
  #step(): boolean {
    for (const item of this.#queue) {
      if (item.steps === null && this.#mustWait(item)) continue
      this.#measure(item)
      return true
    }
    return false
  }

  /** Other logs of the endpoint may be a little behind; they count too. */
  #mustWait({ endpoint, askedUs, endMs, isEarly }: Item): boolean {
    const { merge, clock } = this.#parts
    const nowUs = clock.nowUs()
    if (isEarly || nowUs - askedUs >= GRACE_US) return false
    const others = merge.everywhere(endpoint).filter((part) => part !== endpoint)
    return others.some((part) => part.streamTimeUs(nowUs) < endMs * 1000)
  }

  /** The first step sums the panes, each other one measures a feature. */
  #measure(item: Item): void {
    if (item.steps === null) {
      if (this.#isDone(item)) this.#drop(item)
      else item.steps = this.#begin(item)
      return
    }
    const step = item.steps.next()
    if (step.done !== true) return
    this.#drop(item)
    this.#settle(item, step.value)
  }

  #isDone({ drift, isEarly, endMs, ...due }: Item): boolean {
    return isEarly ? (drift.report?.endMs ?? 0) >= endMs : drift.isMeasured(due)
  }

  #drop(item: Item): void {
    this.#queue.delete(item)
    item.drift.waiting.delete(item)
  }

  #begin({ endpoint, drift, panes, isEarly, ...due }: Item): Evaluation {
    const { merge, settings } = this.#parts
    const window = emptyWindow(panes.layout)
    for (const part of merge.everywhere(endpoint)) {
      // One that has not read the new reference yet counts on the old one.
      if (part.drift?.panes?.signature !== panes.signature) continue
      part.drift.panes.sumInto(window, due.pane)
      if (!isEarly) part.drift.measured(due)
    }
    const { reference, thresholds, predicted } = drift
    return evaluation(reference, window, { level: settings.level, thresholds, predicted })
  }

  #settle({ endpoint, drift, panes, endMs, ...due }: Item, outcome: DriftOutcome) {
    // The endpoint has another reference by now.
    if (endpoint.drift !== drift) return
    const beginMs = ((due.pane - PANES + 1) * panes.paneUs) / 1000
    const alarms = due.isComplete ? alarmsSince(beginMs, outcome, drift) : drift.alarms
    this.#tell(endpoint, { endMs, outcome, status: statusOf(outcome), alarms })
  }

  #tell(endpoint: Endpoint, report: DriftReport): void {
    const { merge, onChange, onReport } = this.#parts
    const { status = null, alarms = [] } = endpoint.drift ?? {}
    onChange(endpoint)
    for (const { drift } of merge.everywhere(endpoint)) drift?.take(report)
    onReport(endpoint, report, { status, alarms })
  }
}

/** What rows by luck can look like is no drift, whatever the thresholds say. */
function statusOf(outcome: DriftOutcome): DriftReport['status'] {
  if (outcome.kind === 'unknown' || outcome.status === null) return null
  return outcome.isAlarm ? outcome.status : 'NO_DRIFT'
}

/** Alarms of a complete window, with the beginning of those that stood before. */
function alarmsSince(
  beginMs: number,
  outcome: DriftOutcome,
  { alarms: before }: Standing,
): readonly StandingAlarm[] {
  if (outcome.kind === 'unknown') return []
  return outcome.features.flatMap(({ alarm, cause }) => {
    if (alarm?.isAlarm !== true) return []
    const { name, p, tripped, direction, shiftSigmas } = alarm
    const sinceMs = before.find((other) => other.name === name)?.sinceMs ?? beginMs
    return [{ name, p, tripped, direction, shiftSigmas, sinceMs, cause }]
  })
}
