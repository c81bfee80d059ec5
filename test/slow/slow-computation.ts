// The slow computation: what the function must write for a file of events, as plainly as it can be
// said. It follows SEMANTICS.md, and where that leaves room the rule stands beside the code. It
// shares nothing with lib/, so that the product can be held against it. The store is empty at the
// start; one line of the file is one event.
import type { CallBody, CallTime, RawCall } from './slow-event.ts'
import {
  arrivalUsOf,
  bodyOf,
  callsOf,
  isNotice,
  objectOrNone,
  parseEvent,
  timeOf,
} from './slow-event.ts'
import { takeStamp, writeIdleRows, writeSample } from './slow-metrics.ts'
import type {
  JsonObject,
  Reason,
  SlowEndpoint,
  SlowEndpointResult,
  SlowMetric,
  SlowPrediction,
  SlowResult,
  SlowSettings,
} from './slow-parts.ts'
import { isObject, isRejected, newEndpoint } from './slow-parts.ts'
import { predictionOf, recordOf } from './slow-record.ts'
import type { ReadRow } from './slow-row.ts'
import { readRow } from './slow-row.ts'
import type { Source } from './slow-source.ts'
import { sourceOf } from './slow-source.ts'
import { isLate, newestTimeUs } from './slow-windows.ts'

export type { SlowResult, SlowSettings } from './slow-parts.ts'

type EventOutcome = 'accepted' | 'error' | 'ignored' | 'rejected'
type CallOutcome = 'accepted' | 'error' | 'rejected'

/** All that is known while the file is read. */
interface Books {
  readonly settings: SlowSettings
  readonly endpoints: Map<string, SlowEndpoint>
  readonly metrics: SlowMetric[]
  readonly predictions: SlowPrediction[]
  readonly rejections: Record<string, number>
  arrivalUs: number
}

/** One call on its way, once its source and time are known. */
interface Call {
  readonly endpoint: SlowEndpoint
  readonly source: Source
  readonly time: CallTime
  readonly modelClass: string | null
  readonly labels: JsonObject
}

/** What the function must have written after the events of `lines`. Blank lines are no events. */
export function computeSlowly(lines: readonly string[], settings: SlowSettings): SlowResult {
  const books: Books = {
    settings,
    endpoints: new Map(),
    metrics: [],
    predictions: [],
    rejections: {},
    arrivalUs: 0,
  }
  const events = { received: 0, accepted: 0, error: 0, ignored: 0, rejected: 0 }
  for (const line of lines) {
    if (line.trim() === '') continue
    events.received += 1
    events[applyEvent(books, line)] += 1
  }
  const endpoints = new Map<string, SlowEndpointResult>()
  for (const endpoint of books.endpoints.values()) {
    writeIdleRows(books.metrics, { endpoint, clockUs: books.arrivalUs }, settings)
    endpoints.set(endpoint.id, {
      record: recordOf(endpoint, books.arrivalUs, settings),
      errorEvents: endpoint.errorEvents,
      acceptedEvents: endpoint.acceptedEvents,
      predictions: endpoint.rows.length,
      rejections: endpoint.rejections,
    })
  }
  return {
    endpoints,
    metrics: books.metrics.sort(compareMetrics),
    predictions: books.predictions,
    events,
    rejections: books.rejections,
  }
}

function compareMetrics(a: SlowMetric, b: SlowMetric): number {
  return (
    compareTexts(a.time, b.time) ||
    compareTexts(a.endpoint_id, b.endpoint_id) ||
    compareTexts(a.record_type, b.record_type) ||
    compareTexts(a.metric, b.metric)
  )
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function applyEvent(books: Books, line: string): EventOutcome {
  const event = parseEvent(line)
  if (event === undefined) return reject(books, null, 'not-json')
  if (!isObject(event)) return reject(books, null, 'wrong-type')
  if (isNotice(event)) return 'ignored'
  const calls = callsOf(event)
  books.arrivalUs = arrivalUsOf(calls, books.arrivalUs)

  const outcomes: CallOutcome[] = []
  // The calls of one endpoint are one event of that endpoint.
  const byEndpoint = new Map<SlowEndpoint, CallOutcome[]>()
  for (const call of calls) {
    const source = sourceOf(call.fields, books.settings.defaultVersion)
    if (isRejected(source)) {
      outcomes.push(reject(books, null, source.reason))
      continue
    }
    const endpoint = endpointOf(books, source.endpointId)
    if (!byEndpoint.has(endpoint)) {
      writeIdleRows(books.metrics, { endpoint, clockUs: books.arrivalUs }, books.settings)
      byEndpoint.set(endpoint, [])
    }
    const outcome = applyCall(books, call, source)
    outcomes.push(outcome)
    byEndpoint.get(endpoint)?.push(outcome)
  }
  for (const [endpoint, its] of byEndpoint) {
    if (together(its) === 'accepted') endpoint.acceptedEvents += 1
    if (together(its) === 'error') endpoint.errorEvents += 1
  }
  return together(outcomes)
}

/** An event of several calls is accepted if one of them is. A batch without calls has no fault. */
function together(outcomes: readonly CallOutcome[]): CallOutcome {
  if (outcomes.length === 0 || outcomes.includes('accepted')) return 'accepted'
  return outcomes.includes('error') ? 'error' : 'rejected'
}

function endpointOf(books: Books, id: string): SlowEndpoint {
  const endpoint = books.endpoints.get(id) ?? newEndpoint(id)
  books.endpoints.set(id, endpoint)
  return endpoint
}

/** Counts a rejection of whatever kind; an endpoint only where it is known. */
function reject(books: Books, endpoint: SlowEndpoint | null, reason: Reason): 'rejected' {
  books.rejections[reason] = (books.rejections[reason] ?? 0) + 1
  if (endpoint !== null) endpoint.rejections[reason] = (endpoint.rejections[reason] ?? 0) + 1
  return 'rejected'
}

/** A call that cannot be taken counts among the endpoint's errors, a rejected row does not. */
function rejectCall(books: Books, endpoint: SlowEndpoint, reason: Reason): 'rejected' {
  endpoint.errorCount += 1
  return reject(books, endpoint, reason)
}

function applyCall(books: Books, { fields, refusal }: RawCall, source: Source): CallOutcome {
  const { arrivalUs, settings } = books
  const endpoint = endpointOf(books, source.endpointId)
  endpoint.functionUri = source.functionUri
  endpoint.model = source.model
  if (refusal !== null) return rejectCall(books, endpoint, refusal)
  const time = timeOf(fields, { arrivalUs, skewSeconds: settings.whenSkewSeconds })
  if (isRejected(time)) return rejectCall(books, endpoint, time.reason)

  const modelClass = modelClassOf(fields)
  const labels = objectOrNone(fields['labels'])
  const isError = (fields['error'] ?? null) !== null
  const body = isError ? null : bodyOf(fields, source.hasGivenId)
  if (body !== null && isRejected(body)) return rejectCall(books, endpoint, body.reason)

  const next = { endpoint, clockUs: arrivalUs, nextUs: time.timeUs }
  writeIdleRows(books.metrics, next, settings)
  endpoint.happenings.push({ timeUs: time.timeUs, arrivalUs })
  endpoint.labels = labels
  endpoint.modelClass = modelClass ?? endpoint.modelClass
  if (body === null) {
    endpoint.errorCount += 1
    return 'error'
  }
  applyRows(books, { endpoint, source, time, modelClass, labels }, body)
  return 'accepted'
}

function modelClassOf(fields: JsonObject): string | null {
  const given = fields['model_class'] ?? fields['class']
  return typeof given === 'string' && given !== '' ? given : null
}

function applyRows(books: Books, call: Call, body: CallBody): void {
  const { endpoint, time } = call
  // A call without rows is a request all the same.
  let isFirst = body.inputs.length > 0
  if (!isFirst) endpoint.calls.push(time)
  for (const index of body.inputs.keys()) {
    const row = readRow(endpoint, body, index)
    if (isRejected(row)) {
      reject(books, endpoint, row.reason)
      continue
    }
    if (isFirst) endpoint.calls.push(time)
    isFirst = false
    acceptRow(books, { call, body, row, index })
  }
  for (let index = body.inputs.length; index < body.outputs.length; index += 1) {
    reject(books, endpoint, 'no-input')
  }
}

function acceptRow(
  books: Books,
  accepted: {
    readonly call: Call
    readonly body: CallBody
    readonly row: ReadRow
    readonly index: number
  },
): void {
  const { call, body, row, index } = accepted
  const { endpoint, time } = call
  const { settings } = books
  endpoint.featureNames = row.featureNames
  endpoint.featureTypes = row.featureTypes
  endpoint.labelNames = row.labelNames
  endpoint.predictionType = row.predictionType

  const isSampled = endpoint.rows.length % settings.sampleWindow === 0
  const nowUs = newestTimeUs(endpoint) ?? time.timeUs
  endpoint.rows.push({
    timeUs: time.timeUs,
    latencyUs: body.latencyUs,
    weight: body.rowWeight,
    isLateForCounts: isLate(time.timeUs, nowUs, {
      seconds: settings.countWindows.map(({ seconds }) => seconds),
      periodSeconds: settings.countPeriodSeconds,
    }),
    isLateForAverages: isLate(time.timeUs, nowUs, {
      seconds: settings.avgWindows.map(({ seconds }) => seconds),
      periodSeconds: settings.avgPeriodSeconds,
    }),
  })
  books.predictions.push(predictionOf(endpoint, row, { ...call, body }))
  if (!isSampled) return
  const stampMs = takeStamp(endpoint, time.timeUs, index)
  writeSample(books.metrics, { endpoint, row, body, stampMs, nowUs }, settings)
}
