import { isJsonObject, type JsonObject } from '../stream/accept/event.ts'
import { comparison, type LabelFilter } from './filters.ts'
import { type Found, found, refuse } from './found.ts'
import { missingTarget } from './target.ts'

/** A span of time, both ends included, in whole milliseconds since 1970 UTC; null where none is named. */
export interface TimeRange {
  readonly fromMs: number | null
  readonly toMs: number | null
}

/** One thing that a query asks for. */
export interface QueryTarget {
  readonly text: string
  /** `table`, or anything else for series. */
  readonly isTable: boolean
  /** Parameters beside the text, as simPod's data source sends them. */
  readonly payload: ReadonlyMap<string, string>
}

/** Grafana's query object, as far as it is read. */
export interface QueryBody {
  readonly targets: readonly QueryTarget[]
  readonly range: TimeRange
  /** Points of a series at most, 2 or more. */
  readonly pointsMax: number
  readonly filters: readonly LabelFilter[]
}

export const TARGETS_MAX = 20
const POINTS_DEFAULT = 1_000
const POINTS_MIN = 2
export const POINTS_MAX = 10_000
const FILTERS_MAX = 50
const PAYLOAD_MAX = 20

/** Reads the body of a query, which may be anything. */
export function decodeQuery(body: unknown): Found<QueryBody> {
  if (!isJsonObject(body)) return refuse('The body must be a JSON object.')
  const targets = decodeTargets(body)
  if (!targets.ok) return targets
  const range = decodeRange(body)
  if (!range.ok) return range
  const filters = decodeFilters(body)
  if (!filters.ok) return filters
  const points = body['maxDataPoints'] ?? POINTS_DEFAULT
  if (typeof points !== 'number' || !(points > 0)) {
    return refuse('maxDataPoints must be a number above 0.')
  }
  const pointsMax = Math.min(Math.max(Math.floor(points), POINTS_MIN), POINTS_MAX)
  return found({
    targets: targets.value,
    range: range.value,
    pointsMax,
    filters: filters.value,
  })
}

function decodeTargets(body: JsonObject): Found<readonly QueryTarget[]> {
  const { targets } = body
  if (targets === undefined || targets === null) return missingTarget(body)
  if (!Array.isArray(targets)) return refuse('targets must be a list.')
  if (targets.length === 0) return missingTarget(body)
  if (targets.length > TARGETS_MAX) return refuse(`targets may be ${TARGETS_MAX} at most.`)
  const decoded: QueryTarget[] = []
  for (const given of targets) {
    if (!isJsonObject(given)) return refuse('Each of targets must be an object.')
    const { target = '', type = '', payload = null, hide } = given
    if (hide === true) continue
    if (typeof target !== 'string') return refuse('A target must be a text.')
    const parameters = decodePayload(payload)
    if (!parameters.ok) return parameters
    decoded.push({ text: target, isTable: type === 'table', payload: parameters.value })
  }
  return found(decoded)
}

/** Parameters of an object; anything but texts, numbers and booleans in it is refused. */
export function decodePayload(payload: unknown): Found<ReadonlyMap<string, string>> {
  const parameters = new Map<string, string>()
  if (payload === null || payload === undefined || payload === '') return found(parameters)
  if (!isJsonObject(payload)) return refuse('A payload must be an object.')
  const entries = Object.entries(payload)
  if (entries.length > PAYLOAD_MAX) return refuse(`A payload has ${PAYLOAD_MAX} members at most.`)
  for (const [name, value] of entries) {
    if (typeof value === 'string') parameters.set(name, value.trim())
    else if (typeof value === 'number' || typeof value === 'boolean') {
      parameters.set(name, String(value))
    } else if (value !== null) return refuse('The members of a payload must be texts.')
  }
  return found(parameters)
}

/** `range.from` and `range.to`, ISO 8601 or milliseconds. */
export function decodeRange(body: JsonObject): Found<TimeRange> {
  const { range } = body
  if (range === undefined || range === null) return found({ fromMs: null, toMs: null })
  if (!isJsonObject(range)) return refuse('range must be an object.')
  const fromMs = timeOf(range['from'])
  const toMs = timeOf(range['to'])
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) {
    return refuse('range.from and range.to must be times such as 2026-11-24T06:23:27.011Z.')
  }
  if (fromMs !== null && toMs !== null && fromMs > toMs) {
    return refuse('range.from is later than range.to.')
  }
  return found({ fromMs, toMs })
}

/** NaN for what is no time, null for nothing. */
function timeOf(given: unknown): number | null {
  if (given === undefined || given === null) return null
  const atMs = typeof given === 'string' ? Date.parse(given) : given
  // A year beyond these is no time of an event, and the stores' calendars end somewhere.
  const isTime = typeof atMs === 'number' && Math.abs(atMs) <= TIME_MS_MAX
  return isTime ? Math.floor(atMs) : Number.NaN
}

const TIME_MS_MAX = 253_402_300_799_999

/** `adhocFilters` of simple-json, `filters` of simPod: `{key, operator, value}`. */
function decodeFilters(body: JsonObject): Found<readonly LabelFilter[]> {
  const given = body['adhocFilters'] ?? body['filters'] ?? []
  if (!Array.isArray(given) || given.length > FILTERS_MAX) {
    return refuse(`Filters must be a list of ${FILTERS_MAX} at most.`)
  }
  const filters: LabelFilter[] = []
  for (const filter of given) {
    const { key, operator, value } = isJsonObject(filter) ? filter : {}
    const isKnown = operator === '=' || operator === '!='
    if (typeof key !== 'string' || typeof value !== 'string' || !isKnown) {
      return refuse('A filter must be {key, operator, value} with the operator = or !=.')
    }
    filters.push(comparison(key, operator === '=', value))
  }
  return found(filters)
}
