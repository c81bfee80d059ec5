/**
 * `GET /metrics` in Prometheus' text format: gauges of the endpoints from their records, counts of events from
 * the ledger, both of which every process reads alike, and what the answering process itself waits for.
 *
 *     # HELP name sentence
 *     # TYPE name gauge|counter
 *     name{label="value",...} number
 */
import { isJsonObject } from '../stream/accept/event.ts'
import { tryParseJson } from '../stream/accept/parse-json.ts'
import { STATUS_NUMBERS, UNKNOWN_STATUS } from '../stream/drift/measures.ts'
import type { LedgerEntry, StoredRecord } from '../stream/ports.ts'
import type { Status } from '../stream/status.ts'
import { idOf, JSON_ATTRIBUTES, memberOf, numberOf, objectOf, timeOf } from './record-values.ts'
import { projectOf } from './sources.ts'

const PREFIX = 'mlrun_model_monitoring_'
/** Endpoints that an answer has at most: the others are counted. */
const ENDPOINTS_MAX = 20_000

/** Attributes that are of no use here. */
export const NOT_FOR_METRICS: readonly string[] = JSON_ATTRIBUTES.filter(
  (name) => name !== 'drift_measures' && name !== 'stream_drift',
)

/** What the metrics are made of. */
export interface MetricsSources {
  readonly records: readonly StoredRecord[]
  /** PROJECT: of records that name none. */
  readonly project: string
  /** The newest line of each log as a whole. */
  readonly ledger: readonly LedgerEntry[]
  /** Of the answering process. */
  readonly status: Pick<Status, 'pending' | 'written' | 'refused' | 'catchingUp'>
}

type Labels = string

/** A metric with its samples, each a line. */
class Metric {
  readonly #name: string
  readonly #lines: string[]

  constructor(name: string, type: 'gauge' | 'counter', help: string) {
    this.#name = PREFIX + name
    this.#lines = [`# HELP ${this.#name} ${help}`, `# TYPE ${this.#name} ${type}`]
  }

  /** Adds a sample; nothing for no value. */
  add(labels: Labels, value: number | null): void {
    if (value === null) return
    this.#lines.push(labels === '' ? `${this.#name} ${value}` : `${this.#name}{${labels}} ${value}`)
  }

  /** Its lines; none without a sample. */
  get lines(): readonly string[] {
    return this.#lines.length > HEAD_LINES ? this.#lines : []
  }
}

const HEAD_LINES = 2

/** The whole text. */
export function metricsText(sources: MetricsSources): string {
  const metrics = [...endpointMetrics(sources), ...eventMetrics(sources), ...ownMetrics(sources)]
  return `${metrics.flatMap(({ lines }) => lines).join('\n')}\n`
}

function endpointMetrics({ records, project }: MetricsSources): readonly Metric[] {
  const shown = records.slice(0, ENDPOINTS_MAX)
  const all = {
    endpoints: new Metric('endpoints', 'gauge', 'Endpoints that have a record.'),
    omitted: new Metric('endpoints_omitted', 'gauge', 'Endpoints that these metrics leave out.'),
    rate: new Metric(
      'predictions_per_second',
      'gauge',
      'Predictions per second over the shortest window.',
    ),
    counts: new Metric('predictions_window', 'gauge', 'Predictions in a window.'),
    latency: new Metric('latency_avg_seconds', 'gauge', 'Mean latency over a window.'),
    errors: new Metric('errors_total', 'counter', 'Requests that failed in the model server.'),
    first: new Metric('first_request_timestamp_seconds', 'gauge', 'Time of the earliest request.'),
    last: new Metric('last_request_timestamp_seconds', 'gauge', 'Time of the latest request.'),
    status: new Metric(
      'drift_status',
      'gauge',
      'Drift: -1 unknown, 0 none, 1 possible, 2 detected.',
    ),
    alarms: new Metric(
      'drift_alarmed_features',
      'gauge',
      'Features whose change luck does not explain.',
    ),
    score: new Metric('drift_score', 'gauge', 'Mean distance of the features to the training set.'),
  }
  all.endpoints.add('', records.length)
  all.omitted.add('', records.length - shown.length)
  for (const record of shown) {
    const labels = endpointLabels(record, project)
    all.rate.add(labels, numberOf(record, 'predictions_per_second'))
    all.errors.add(labels, numberOf(record, 'error_count'))
    all.first.add(labels, secondsOf(timeOf(record, 'first_request')))
    all.last.add(labels, secondsOf(timeOf(record, 'last_request')))
    addWindows(record, labels, all)
    addDrift(record, labels, all)
  }
  return Object.values(all)
}

interface WindowMetrics {
  readonly counts: Metric
  readonly latency: Metric
}

/** The name of a window is the end of its attributes'. */
function addWindows(record: StoredRecord, labels: Labels, metrics: WindowMetrics): void {
  for (const [name, value] of record) {
    if (typeof value !== 'number') continue
    if (name.startsWith(COUNT)) {
      metrics.counts.add(`${labels},window="${escaped(name.slice(COUNT.length))}"`, value)
    } else if (name.startsWith(LATENCY)) {
      const window = escaped(name.slice(LATENCY.length))
      metrics.latency.add(`${labels},window="${window}"`, value / MICROSECONDS)
    }
  }
}

const COUNT = 'predictions_count_'
const LATENCY = 'latency_avg_'
const MICROSECONDS = 1e6

const STATUSES: ReadonlyMap<unknown, number> = new Map(Object.entries(STATUS_NUMBERS))

function addDrift(
  record: StoredRecord,
  labels: Labels,
  metrics: { readonly status: Metric; readonly alarms: Metric; readonly score: Metric },
): void {
  const { status, alarms, score } = metrics
  const given = record.get('drift_status')
  if (given !== undefined && given !== '') status.add(labels, STATUSES.get(given) ?? UNKNOWN_STATUS)
  alarms.add(labels, alarmCount(record))
  if (!record.has('drift_measures')) return
  const measures = objectOf(record, 'drift_measures')
  for (const measure of ['tvd', 'hellinger', 'kld']) {
    score.add(`${labels},measure="${measure}"`, memberOf(measures, `${measure}_mean`))
  }
}

const ALARMS = '"alarms": ['

/**
 * Alarms of `stream_drift`; null for an endpoint without. They are its last member (drift-record.ts), so the
 * kilobytes before them need no parsing; inside of a text the quotes would be escaped.
 */
function alarmCount(record: StoredRecord): number | null {
  const text = String(record.get('stream_drift') ?? '')
  const at = text.lastIndexOf(ALARMS)
  const end = at < 0 ? undefined : tryParseJson(`{${text.slice(at)}`)
  return isJsonObject(end) && Array.isArray(end['alarms']) ? end['alarms'].length : null
}

function endpointLabels(record: StoredRecord, project: string): Labels {
  const names = {
    project: projectOf(record, { project }),
    endpoint_id: idOf(record),
    model: String(record.get('model') ?? ''),
  }
  return Object.entries(names)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

/** A label's value: backslash, quote and line feed are escaped, and lone surrogates have no UTF-8. */
function escaped(text: string): string {
  if (!/["\\\n]/.test(text)) return text.toWellFormed()
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
  return plain.toWellFormed()
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

const OUTCOMES = ['accepted', 'error', 'ignored', 'rejected', 'duplicate'] as const

function eventMetrics({ ledger }: MetricsSources): readonly Metric[] {
  const events = new Metric(
    'events_total',
    'counter',
    'Events of all processes by what came of them, up to the last full minute.',
  )
  const rows = new Metric('rows_total', 'counter', 'Rows of events, likewise.')
  const letters = new Metric('dead_letters_total', 'counter', 'Dead letters of what was rejected.')
  const sum = (count: (entry: LedgerEntry) => number): number =>
    ledger.reduce((total, entry) => total + count(entry), 0)
  if (ledger.length > 0) {
    for (const outcome of OUTCOMES) {
      events.add(
        `outcome="${outcome}"`,
        sum(({ counts }) => counts[outcome]),
      )
    }
    rows.add(
      'outcome="accepted"',
      sum(({ counts }) => counts.rowsAccepted),
    )
    rows.add(
      'outcome="rejected"',
      sum(({ counts }) => counts.rowsRejected),
    )
    letters.add(
      '',
      sum(({ whole }) => whole?.letters ?? 0),
    )
  }
  return [events, rows, letters]
}

const SINKS = [
  ['kv', 'records'],
  ['tsdb', 'metricRows'],
  ['parquet', 'parquetRows'],
] as const

function ownMetrics({ status }: MetricsSources): readonly Metric[] {
  const pending = new Metric(
    'sink_buffered_rows',
    'gauge',
    'Rows and records that wait to be written, of the answering process.',
  )
  const written = new Metric(
    'sink_written_rows_total',
    'counter',
    'Rows and records that were written, of the answering process.',
  )
  const refused = new Metric(
    'sink_refused_rows_total',
    'counter',
    'Rows and records that a store refused for good, of the answering process.',
  )
  const catchingUp = new Metric(
    'catching_up',
    'gauge',
    'Whether the answering process reads its spool again.',
  )
  for (const [sink, rows] of SINKS) {
    pending.add(`sink="${sink}"`, status.pending[rows])
    written.add(`sink="${sink}"`, status.written[rows])
    refused.add(`sink="${sink}"`, status.refused[rows])
  }
  catchingUp.add('', status.catchingUp ? 1 : 0)
  return [pending, written, refused, catchingUp]
}
