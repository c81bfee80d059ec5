import type { QualityCounts, StoredRecord } from '../ports.ts'
import type { FeatureAlarm } from './alarm.ts'
import { ABSENT, type Binding, bindColumns } from './binding.ts'
import type { Cause } from './cause.ts'
import type { DriftOutcome } from './evaluate.ts'
import { DriftPanes, PANES, type PanesState } from './histogram.ts'
import { type DriftStatus, parseThresholds, type Thresholds } from './measures.ts'
import type { DriftRow, OddCounts } from './odd-values.ts'
import { NOT_COUNTED, type QualityState, QualityTally } from './quality.ts'
import { parseReference, type Reference } from './reference.ts'
import {
  isSameReference,
  type ReferenceState,
  referenceState,
  restoreReference,
} from './reference-state.ts'
import { sharedLayout } from './shared-layouts.ts'

/** An alarm that goes on from window to window. */
export interface StandingAlarm
  extends Pick<FeatureAlarm, 'name' | 'p' | 'tripped' | 'direction' | 'shiftSigmas'> {
  /** Beginning of the first window of this run that alarmed, milliseconds since 1970 UTC. */
  readonly sinceMs: number
  readonly cause: Cause | null
}

/** What is said of an endpoint's drift at one time. */
export interface DriftReport {
  /** End of the window, milliseconds since 1970 UTC, not included. */
  readonly endMs: number
  readonly outcome: DriftOutcome
  /** MLRun's, but NO_DRIFT where the window's rows may be luck; null where nothing can be said. */
  readonly status: DriftStatus | null
  /** Of the newest window that was complete. */
  readonly alarms: readonly StandingAlarm[]
}

/** A window that is due: the panes up to this one. */
export interface DueWindow {
  readonly pane: number
  /** The newest of them that has rows. */
  readonly lastPane: number
  /** Whether it is one of those that lie end to end, which decide on alarms. */
  readonly isComplete: boolean
}

/** One that is in line. */
export interface WaitingWindow extends DueWindow {
  /** Measures it at once. */
  readonly finish: () => void
}

/** The names of a row's values. */
export interface RowNames {
  readonly fields: readonly string[]
  readonly labelNames: readonly string[]
}

/** Values of a minute that were no good, by place and kind (histogram.ts), among so many rows. */
export interface MinuteCounts {
  rows: number
  readonly odd: Map<number, number>
}

/** An endpoint's drift as a checkpoint has it. */
export interface DriftState {
  readonly reference: ReferenceState
  readonly thresholds: Thresholds
  /** Null where there is no reference to count on. */
  readonly panes: PanesState | null
  readonly open: readonly [pane: number, window: number, askedPane: number]
  readonly minute: readonly [minute: number, told: number, rows: number, newestUs: number]
  readonly odd: readonly (readonly [number, number])[]
  /** Without what is not told yet; left out by releases before there was any. */
  readonly quality?: QualityState
  readonly status: DriftStatus | null
  readonly alarms: readonly StandingAlarm[]
}

const NONE = -1
const MINUTE_US = 60_000_000
const NO_COUNTS: Binding = Int32Array.of()
const NO_ODD: OddCounts = new Map()

/**
 * What one log counts of an endpoint's drift, and when there is something to say of it. A window is due when
 * stream time leaves a pane that has rows, and when it leaves a complete window (one of those that lie
 * end to end since 1970) that has rows.
 */
export class EndpointDrift {
  readonly reference: Reference
  /** Null where the reference is unknown. */
  readonly panes: DriftPanes | null
  thresholds: Thresholds
  /** Stream time from which on `takeDue` or `endedMinute` has something to say. */
  dueUs = Number.POSITIVE_INFINITY
  readonly waiting = new Set<WaitingWindow>()
  #report: DriftReport | null = null
  /** The report that is on its way to the record, and the one that the record has. */
  #offered: DriftReport | null = null
  #recorded: DriftReport | null = null
  /** Up to which windows were measured. */
  #measuredPane = NONE
  #measuredWindow = NONE
  status: DriftStatus | null = null
  alarms: readonly StandingAlarm[] = []
  #binding: Binding = NO_COUNTS
  /** Names of the reference that are predicted, by what the rows are called. */
  predicted: ReadonlySet<string> = new Set()
  #fields: readonly string[] | null = null
  #labelNames: readonly string[] | null = null
  /** Newest pane with rows that nobody was asked to look at yet, and the same of complete windows. */
  #openPane = NONE
  #openWindow = NONE
  /** Newest pane that was asked for. */
  #askedPane = NONE
  /** Time of the newest row. */
  #newestUs = NONE
  /** The minute whose values are counted, and the last one that was told of: late rows are in the one they came in. */
  #minute = NONE
  #toldMinute = NONE
  #minuteRows = 0
  /** Of minutes that were told of; what was not is in the panes. */
  #quality: QualityTally

  private constructor(
    reference: Reference,
    thresholds: Thresholds,
    { windowMs, since }: { readonly windowMs: number; readonly since: number },
  ) {
    this.reference = reference
    this.thresholds = thresholds
    this.panes =
      reference.kind === 'known' ? new DriftPanes(sharedLayout(reference), windowMs) : null
    this.#quality = new QualityTally(since)
  }

  /**
   * The drift of an endpoint by its record; null if that has no statistics of a training set.
   *
   * @param known     what there was before: it goes on where the reference is the same
   * @param windowMs  DRIFT_WINDOW, a multiple of 12 ms
   * @param since     offset of the log's last record whose rows were applied before, -1 for none
   */
  static of(
    record: StoredRecord,
    known: EndpointDrift | null,
    place: { readonly windowMs: number; readonly since: number },
  ): EndpointDrift | null {
    const reference = parseReference(textOf(record.get('feature_stats')))
    if (reference.kind === 'unknown' && reference.reason === 'absent') return null
    const thresholds = parseThresholds(textOf(record.get('monitor_configuration')))
    if (known === null || !isSameReference(known.reference, reference)) {
      return new EndpointDrift(reference, thresholds, place)
    }
    known.thresholds = thresholds
    return known
  }

  /**
   * Counts a row.
   *
   * @param atUs  its time, microseconds since 1970 UTC
   */
  add(row: DriftRow, names: RowNames, atUs: number): void {
    const { panes } = this
    if (panes === null) return
    this.#bind(names)
    if (panes.add(row, this.#binding, atUs)) this.#opened(panes.paneOf(atUs), atUs)
    else this.#cameLate()
  }

  /** Counts a row that was refused because a text stood in that field in the place of a number. */
  addWrongType(field: number, names: RowNames, atUs: number): void {
    const { panes } = this
    if (panes === null) return
    this.#bind(names)
    const place = this.#binding.indexOf(field)
    if (place < 0) return
    if (panes.addWrongType(place, atUs)) this.#opened(panes.paneOf(atUs), atUs)
    else this.#cameLate()
  }

  #bind({ fields, labelNames }: RowNames): void {
    if (fields === this.#fields && labelNames === this.#labelNames) return
    const layout = this.panes?.layout
    if (layout === undefined) return
    this.#binding = bindColumns(layout, { fields, labels: labelNames })
    this.#quality.bound(layout, this.#binding)
    const names = layout.places.map(({ feature }) => feature.name)
    this.predicted = new Set(names.filter((_, place) => (this.#binding[place] ?? ABSENT) < ABSENT))
    this.#fields = fields
    this.#labelNames = labelNames
  }

  #opened(pane: number, atUs: number): void {
    this.#minuteRows++
    if (atUs > this.#newestUs) this.#newestUs = atUs
    if (pane === this.#openPane && this.#minute !== NONE) return
    this.#openMinute()
    const window = Math.floor(pane / PANES)
    // One that was asked for in a silence is asked for again when its events come all the same.
    if (pane > this.#askedPane) {
      this.#openPane = Math.max(this.#openPane, pane)
      this.#openWindow = Math.max(this.#openWindow, window)
      this.#measuredWindow = Math.min(this.#measuredWindow, window - 1)
    }
    this.#setDue()
  }

  /** A row that is in no pane: its values count all the same. */
  #cameLate(): void {
    this.#minuteRows++
    if (this.#minute !== NONE) return
    this.#openMinute()
    this.#setDue()
  }

  #openMinute(): void {
    if (this.#minute !== NONE) return
    this.#minute = Math.max(Math.floor(this.#newestUs / MINUTE_US), this.#toldMinute + 1)
  }

  #setDue(): void {
    const paneUs = this.panes?.paneUs ?? 0
    const at = (open: number, widthUs: number): number =>
      open === NONE ? Number.POSITIVE_INFINITY : (open + 1) * widthUs
    this.dueUs = Math.min(
      at(this.#openPane, paneUs),
      at(this.#openWindow, paneUs * PANES),
      at(this.#minute, MINUTE_US),
    )
  }

  /** The newest pane with rows that nobody was asked to look at, null for none. */
  get openPane(): number | null {
    return this.#openPane === NONE ? null : this.#openPane
  }

  /** The minute whose values are being counted, null for none. */
  get openMinute(): number | null {
    return this.#minute === NONE ? null : this.#minute
  }

  /** Windows that are due by a stream time, oldest first; each is named once. */
  takeDue(streamUs: number): readonly DueWindow[] {
    const { panes } = this
    if (panes === null) return []
    const pane = panes.paneOf(streamUs)
    const due: DueWindow[] = []
    const windowEnd = this.#openWindow * PANES + PANES - 1
    const isComplete = this.#openWindow !== NONE && pane > windowEnd
    const lastPane = Math.max(this.#openPane, this.#askedPane)
    if (this.#openPane !== NONE && pane > lastPane) {
      due.push({ pane: lastPane, lastPane, isComplete: isComplete && lastPane === windowEnd })
    }
    if (isComplete && due[0]?.isComplete !== true) {
      due.push({ pane: windowEnd, lastPane: Math.min(lastPane, windowEnd), isComplete })
    }
    for (const one of due) this.asked(one)
    return due.sort((one, other) => one.pane - other.pane)
  }

  /** A window was asked for, by this log or by another one that has the endpoint too. */
  asked({ pane, lastPane, isComplete }: DueWindow): void {
    this.#askedPane = Math.max(this.#askedPane, lastPane)
    if (this.#openPane <= lastPane) this.#openPane = NONE
    if (isComplete && this.#openWindow <= Math.floor(pane / PANES)) this.#openWindow = NONE
    this.#setDue()
  }

  /** The minute that is being counted, in whole minutes since 1970 UTC, if stream time has left it; else null. */
  endedMinute(streamUs: number): number | null {
    const minute = this.#minute
    return minute === NONE || streamUs < (minute + 1) * MINUTE_US ? null : minute
  }

  /** Adds what was counted up to a minute that is told of now to a sum, and begins anew. */
  tellMinute(minute: number, sum: MinuteCounts): void {
    this.#toldMinute = Math.max(this.#toldMinute, minute)
    if (this.#minute === NONE || this.#minute > minute) return
    sum.rows += this.#minuteRows
    for (const [key, count] of this.panes?.odd ?? []) {
      sum.odd.set(key, (sum.odd.get(key) ?? 0) + count)
    }
    this.#quality.add(this.#minuteRows, this.panes?.odd ?? NO_ODD)
    this.panes?.odd.clear()
    this.#minuteRows = 0
    this.#minute = NONE
    this.#setDue()
  }

  /** What this log has counted by now on the reference since it is known; null where there is none. */
  qualityNow(): (() => QualityCounts | null) | null {
    const { panes } = this
    return panes && this.#quality.snapshot(panes.layout, this.#minuteRows, panes.odd)
  }

  /** A window was measured, of this log and of all others of the endpoint. */
  measured(due: DueWindow): void {
    this.asked(due)
    this.#measuredPane = Math.max(this.#measuredPane, due.lastPane)
    if (!due.isComplete) return
    this.#measuredWindow = Math.max(this.#measuredWindow, Math.floor(due.pane / PANES))
  }

  /** Whether a window was measured, or a later one. */
  isMeasured({ pane, isComplete }: Pick<DueWindow, 'pane' | 'isComplete'>): boolean {
    if (isComplete) return Math.floor(pane / PANES) <= this.#measuredWindow
    return pane <= this.#measuredPane
  }

  /** The last word on it, null before the first. */
  get report(): DriftReport | null {
    return this.#report
  }

  /** Takes over what was said last, in whichever log of the endpoint. */
  take(report: DriftReport): void {
    this.#report = report
    this.status = report.status
    this.alarms = report.alarms
  }

  /** The report that the endpoint's record lacks, for the update that is being made; null for none. */
  offer(): DriftReport | null {
    this.#offered = this.#report
    return this.isRecorded ? null : this.#report
  }

  /** The update was settled. */
  recorded(): void {
    this.#recorded = this.#offered
  }

  get isRecorded(): boolean {
    return this.#report === this.#recorded
  }

  /** Everything of it for a checkpoint, but what is waiting to be said. */
  toCheckpoint(): DriftState {
    const { thresholds, status, alarms, panes } = this
    return {
      reference: referenceState(this.reference),
      thresholds,
      panes: panes?.toCheckpoint() ?? null,
      open: [this.#openPane, this.#openWindow, this.#askedPane],
      minute: [this.#minute, this.#toldMinute, this.#minuteRows, this.#newestUs],
      odd: [...(panes?.odd ?? [])],
      quality: this.#quality.toState(0, NO_ODD),
      status,
      alarms,
    }
  }

  /** What a checkpoint tells of; panes of another width begin anew. */
  static restore(state: DriftState, windowMs: number): EndpointDrift {
    const reference = restoreReference(state.reference)
    const drift = new EndpointDrift(reference, state.thresholds, { windowMs, since: NONE })
    drift.status = state.status
    drift.alarms = state.alarms
    drift.#quality = QualityTally.restore(state.quality ?? NOT_COUNTED)
    if (state.panes === null) return drift
    if (drift.panes?.restore(state.panes) !== true) {
      drift.#quality.add(state.minute[2], new Map(state.odd))
      return drift
    }
    for (const [key, count] of state.odd) drift.panes.odd.set(key, count)
    ;[drift.#openPane, drift.#openWindow, drift.#askedPane] = state.open
    ;[drift.#minute, drift.#toldMinute, drift.#minuteRows, drift.#newestUs] = state.minute
    drift.#setDue()
    return drift
  }

  /** Everything that rows decide, as plain values: a timer moves the rest. */
  toState(): unknown {
    const { reference, thresholds, panes } = this
    const quality = this.#quality.toState(this.#minuteRows, panes?.odd ?? NO_ODD)
    return [referenceState(reference), thresholds, panes?.toCheckpoint() ?? null, quality]
  }
}

function textOf(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}
