/** The endpoints of the list: read from answers, filtered and sorted. */

import { numberIn, type Row, textIn } from './fields.ts'
import { windowMs } from './format.ts'

/** A number over a window. */
export interface Windowed {
  /** As in the record's attributes, such as `5m`. */
  readonly window: string
  readonly value: number | null
}

/** What a record says of drift. */
export interface Drift {
  /** MLRun's: NO_DRIFT, POSSIBLE_DRIFT, DRIFT_DETECTED; null for none. */
  readonly status: string | null
  /** Mean of total variation distance and Hellinger distance over the features, 0 to 1. */
  readonly measure: number | null
  /** Features that have changed; null where nothing was measured. */
  readonly alarms: number | null
  readonly alarmNames: string
  /** Values of the window that are no good; rows of the window. */
  readonly oddValues: number | null
  readonly rows: number | null
  /** Features that were looked at. */
  readonly features: number | null
  readonly windowEndMs: number | null
  /** Why nothing was measured. */
  readonly reason: string | null
}

/** An endpoint of the list. */
export interface Endpoint {
  readonly id: string
  readonly project: string
  readonly model: string
  readonly functionUri: string
  readonly modelClass: string
  /** `name=value`, in order. */
  readonly labels: readonly string[]
  readonly firstRequestMs: number | null
  readonly lastRequestMs: number | null
  /** Predictions per second over the shortest window. */
  readonly rate: number | null
  /** The shortest window first. */
  readonly predictions: readonly Windowed[]
  /** Microseconds, the shortest window first. */
  readonly latencies: readonly Windowed[]
  readonly errors: number | null
  readonly drift: Drift | null
}

/** How much an endpoint's drift asks for attention: by words and a sign, never by colour alone. */
export type Severity = 'bad' | 'warn' | 'ok' | 'none'

/** What is said of an endpoint's drift in a few words. */
export interface Verdict {
  readonly severity: Severity
  readonly words: string
}

/** Joins the rows of /api/endpoints with those of /api/drift, by endpoint id. */
export function endpointsOf(rows: readonly Row[], driftRows: readonly Row[]): readonly Endpoint[] {
  const drifts = new Map(driftRows.map((row) => [textIn(row, 'endpoint_id'), driftOf(row)]))
  return rows.map((row) => {
    const id = textIn(row, 'endpoint_id') ?? ''
    return {
      id,
      project: textIn(row, 'project') ?? '',
      model: textIn(row, 'model') ?? '',
      functionUri: textIn(row, 'function_uri') ?? '',
      modelClass: textIn(row, 'model_class') ?? '',
      labels: labelsOf(row),
      firstRequestMs: numberIn(row, 'first_request'),
      lastRequestMs: numberIn(row, 'last_request'),
      rate: numberIn(row, 'predictions_per_second'),
      predictions: windowsOf(row, 'predictions_count_'),
      latencies: windowsOf(row, 'latency_avg_'),
      errors: numberIn(row, 'error_count'),
      drift: drifts.get(id) ?? null,
    }
  })
}

function driftOf(row: Row): Drift {
  const [tvd, hellinger] = [numberIn(row, 'tvd_mean'), numberIn(row, 'hellinger_mean')]
  return {
    status: textIn(row, 'drift_status'),
    measure: tvd === null || hellinger === null ? null : (tvd + hellinger) / 2,
    alarms: numberIn(row, 'alarmed_features'),
    alarmNames: textIn(row, 'alarmed_names') ?? '',
    oddValues: numberIn(row, 'odd_values'),
    rows: numberIn(row, 'rows'),
    features: numberIn(row, 'features'),
    windowEndMs: numberIn(row, 'window_end'),
    reason: textIn(row, 'reason'),
  }
}

/** Labels are attributes whose names begin with an underscore. */
function labelsOf(row: Row): readonly string[] {
  return Object.keys(row)
    .filter((name) => name.startsWith('_') && row[name] !== null)
    .map((name) => `${name.slice(1)}=${String(row[name])}`)
    .sort()
}

function windowsOf(row: Row, prefix: string): readonly Windowed[] {
  return Object.keys(row)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ window: name.slice(prefix.length), value: numberIn(row, name) }))
    .sort((one, other) => windowMs(one.window) - windowMs(other.window))
}

/** The number over the longest window, as the command line shows it. */
export function longest(windows: readonly Windowed[]): Windowed | null {
  return windows.at(-1) ?? null
}

const REASONS: Readonly<Record<string, string>> = {
  absent: 'No training set',
  'no-features': 'No features',
  'too-many': 'Too many features',
}

/** The words for an endpoint's drift. A feature that has changed counts, however small the mean is. */
export function verdictOf(drift: Drift | null): Verdict {
  if (drift === null) return { severity: 'none', words: 'Not measured' }
  const { status, alarms, reason } = drift
  const changed = `${alarms} ${alarms === 1 ? 'feature' : 'features'} changed`
  const hasAlarms = alarms !== null && alarms > 0
  if (status === 'DRIFT_DETECTED') {
    return { severity: 'bad', words: hasAlarms ? `Drift, ${changed}` : 'Drift detected' }
  }
  if (hasAlarms) return { severity: 'warn', words: changed }
  if (status === 'POSSIBLE_DRIFT') return { severity: 'warn', words: 'Possible drift' }
  if (status === 'NO_DRIFT') return { severity: 'ok', words: 'No drift' }
  const words = reason === null ? 'Not measured' : (REASONS[reason] ?? 'Not measurable')
  return { severity: 'none', words }
}

/** Bad values by all values of the window, 0 to 1; null where nothing was looked at. */
export function oddShare(drift: Drift | null): number | null {
  if (drift === null || drift.oddValues === null) return null
  const all = (drift.rows ?? 0) * (drift.features ?? 0)
  return all > 0 ? drift.oddValues / all : null
}

/** Which endpoints the list shows. */
export type Show = 'all' | 'drift' | 'errors'
export const SHOWS: readonly Show[] = ['all', 'drift', 'errors']

/** What the list is sorted by. */
export type SortKey =
  | 'model'
  | 'drift'
  | 'rate'
  | 'predictions'
  | 'latency'
  | 'errors'
  | 'quality'
  | 'last'
export const SORT_KEYS: readonly SortKey[] = [
  'model',
  'drift',
  'rate',
  'predictions',
  'latency',
  'errors',
  'quality',
  'last',
]

/** Whether an endpoint is one of those. */
export function isShown(endpoint: Endpoint, show: Show): boolean {
  if (show === 'errors') return (endpoint.errors ?? 0) > 0
  if (show === 'all') return true
  const { severity } = verdictOf(endpoint.drift)
  return severity === 'bad' || severity === 'warn'
}

/** Endpoints in which each word of the text stands: in model, function, project, class, labels or id. */
export function filtered(
  endpoints: readonly Endpoint[],
  { text, show }: { readonly text: string; readonly show: Show },
): readonly Endpoint[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return endpoints.filter((endpoint) => {
    if (!isShown(endpoint, show)) return false
    const { model, functionUri, project, modelClass, labels, id } = endpoint
    const all = [model, functionUri, project, modelClass, ...labels, id].join('\n').toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

const SEVERITIES: Readonly<Record<Severity, number>> = { bad: 3, warn: 2, ok: 1, none: 0 }

/** Sorted anew; what has no value comes last in both directions, and equals are in the order of their names. */
export function sorted(
  endpoints: readonly Endpoint[],
  { key, isDescending }: { readonly key: SortKey; readonly isDescending: boolean },
): readonly Endpoint[] {
  const sign = isDescending ? -1 : 1
  return [...endpoints].sort((one, other) => {
    const names = compare(nameOf(one), nameOf(other))
    if (key === 'model') return sign * names
    const [a, b] = [sortValue(one, key), sortValue(other, key)]
    if (a === null || b === null) return a === b ? names : a === null ? 1 : -1
    return sign * (a - b) || names
  })
}

function sortValue(endpoint: Endpoint, key: Exclude<SortKey, 'model'>): number | null {
  const { drift } = endpoint
  switch (key) {
    case 'drift':
      // Among equals the one that has moved further.
      return (
        SEVERITIES[verdictOf(drift).severity] * 10 + (drift?.alarms ? 5 : 0) + (drift?.measure ?? 0)
      )
    case 'rate':
      return endpoint.rate
    case 'predictions':
      return longest(endpoint.predictions)?.value ?? null
    case 'latency':
      return longest(endpoint.latencies)?.value ?? null
    case 'errors':
      return endpoint.errors
    case 'quality':
      return oddShare(drift)
    case 'last':
      return endpoint.lastRequestMs
  }
}

function nameOf({ model, functionUri, id }: Endpoint): string {
  return `${model}\n${functionUri}\n${id}`
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
