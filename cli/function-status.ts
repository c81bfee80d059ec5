import { isJsonObject, type JsonObject } from '../lib/stream/accept/event.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import { trouble } from './errors.ts'

type Counts = Readonly<Record<string, number>>

/** What the function says of itself: its answer to a flush, and GET /status. */
export interface FunctionStatus {
  readonly store: string
  readonly events: Counts
  readonly rows: Counts
  /** By reason. */
  readonly rejections: Counts
  /** By what: records, metricRows, metricValues, parquetFiles, parquetRows. */
  readonly written: Counts
  readonly refused: Counts
  readonly pending: Counts
  readonly paths: Readonly<Record<string, string>>
  readonly endpoints: readonly EndpointLine[]
}

/** One endpoint of it. */
export interface EndpointLine {
  readonly model: string
  readonly predictions: number
  readonly predictionsPerSecond: number
  /** Mean of the longest window; null for none. */
  readonly latencyAvgUs: number | null
  readonly errors: number
  readonly rejected: number
  readonly drift: EndpointDrift | null
}

/** What is said of an endpoint's drift. */
export interface EndpointDrift {
  /** As in its record; '' where nothing can be said. */
  readonly status: string
  readonly alarms: readonly DriftAlarm[]
}

/** A feature that has changed. */
export interface DriftAlarm {
  readonly feature: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** `up`, `down`, or '' for neither. */
  readonly direction: string
  readonly shiftSigmas: number | null
  /** '' where none is seen. */
  readonly cause: string
}

/**
 * Reads the JSON of a status; what is missing is 0 or left out.
 *
 * @throws CliError when the text is no JSON object
 */
export function readStatus(text: string): FunctionStatus {
  const status = tryParseJson(text)
  if (!isJsonObject(status)) {
    throw trouble(
      'The function does not tell its status, so what it wrote is not known: run ' +
        '"npm run build" and try again.',
    )
  }
  const endpoints: readonly unknown[] = Array.isArray(status['endpoints'])
    ? status['endpoints']
    : []
  return {
    store: String(status['store'] ?? ''),
    events: countsOf(status['events']),
    rows: countsOf(status['rows']),
    rejections: countsOf(status['rejections']),
    written: countsOf(status['written']),
    refused: countsOf(status['refused']),
    pending: countsOf(status['pending']),
    paths: textsOf(status['paths']),
    endpoints: endpoints.filter(isJsonObject).map((endpoint) => endpointLine(endpoint)),
  }
}

function endpointLine(endpoint: JsonObject): EndpointLine {
  const latency = endpoint['latency_avg_us']
  return {
    model: String(endpoint['model'] ?? ''),
    predictions: Number(endpoint['predictions'] ?? 0),
    predictionsPerSecond: Number(endpoint['predictions_per_second'] ?? 0),
    latencyAvgUs: typeof latency === 'number' ? latency : null,
    errors: Number(endpoint['errors'] ?? 0),
    rejected: Object.values(countsOf(endpoint['rejected'])).reduce((sum, count) => sum + count, 0),
    drift: isJsonObject(endpoint['drift']) ? driftOf(endpoint['drift']) : null,
  }
}

function driftOf({ status, alarms }: JsonObject): EndpointDrift {
  const all: readonly unknown[] = Array.isArray(alarms) ? alarms : []
  return {
    status: String(status ?? ''),
    alarms: all.filter(isJsonObject).map((alarm) => ({
      feature: String(alarm['feature'] ?? ''),
      since: String(alarm['since'] ?? ''),
      direction: String(alarm['direction'] ?? ''),
      shiftSigmas: typeof alarm['shift_sigmas'] === 'number' ? alarm['shift_sigmas'] : null,
      cause: String(alarm['cause'] ?? ''),
    })),
  }
}

function countsOf(value: unknown): Counts {
  if (!isJsonObject(value)) return {}
  const counts = Object.entries(value).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  )
  return Object.fromEntries(counts)
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {}
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(texts)
}
