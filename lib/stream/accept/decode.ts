import { endpointIdOf, isSafeEndpointId } from './endpoint-id.ts'
import type { Call, EventSource, InvalidCall, JsonObject, PredictionCall } from './event.ts'
import { isJsonObject, NOTICES } from './event.ts'
import { isNestedAtMost, parseBody } from './parse-json.ts'
import { parseWhen } from './parse-when.ts'
import type { Decoded, Rejection } from './rejection.ts'
import { refused, taken } from './rejection.ts'

/** Bounds of what an event may hold; beyond them it is rejected by reason. */
export interface EventBounds {
  readonly rowsMax: number
  readonly textCharsMax: number
  readonly nameCharsMax: number
  /** Entries of each of labels, entities and metrics. */
  readonly labelsMax: number
  /** A `when` may be so far ahead of the event's arrival. */
  readonly whenSkewMaxUs: number
}

const YEAR_2000_US = 946_684_800_000_000
/** Labels and entities of an event lie at depth 2 or 3; with their values that makes 32 in all. */
const NESTED_DEPTH_MAX = 29
const LATENCY_US_MAX = Number.MAX_SAFE_INTEGER

/**
 * Reads one event: bytes in, calls out. A single event is one call, a batch (`headers`, `values`) one
 * call per entry, and a bad entry does not cost its neighbours. Never throws for input.
 *
 * @param arrivedAtUs  when the event arrived, microseconds since 1970 UTC
 * Source of the fields: what MLRun 0.6 and 1.12 serving push (examples/).
 */
export function decode(
  body: Uint8Array,
  arrivedAtUs: number,
  bounds: EventBounds,
): readonly Call[] {
  const parsed = parseBody(body)
  if (!parsed.ok) return [unknown(refused(parsed.reason, ''))]
  const event = parsed.value
  if (!isJsonObject(event)) return [unknown(refused('not-an-object', ''))]
  const notice = NOTICES.find((name) => name === event['kind'])
  if (notice !== undefined) return [{ kind: 'notice', notice }]
  const { headers, values } = event
  if (headers !== undefined || values !== undefined) {
    return decodeBatch(event, { headers, values }, arrivedAtUs, bounds)
  }
  return [decodeCall(event, { call: null, arrivedAtUs, bounds })]
}

interface CallContext {
  readonly call: number | null
  readonly arrivedAtUs: number
  readonly bounds: EventBounds
}

/** The base fields stand beside `headers` and `values`; a row's own fields win (D4). */
function decodeBatch(
  event: JsonObject,
  { headers, values }: { headers: unknown; values: unknown },
  arrivedAtUs: number,
  bounds: EventBounds,
): readonly Call[] {
  const source = decodeSource(event, bounds)
  const whole = (problem: { rejection: Rejection }): readonly Call[] =>
    source.ok ? [invalid(source.value, problem, null)] : [unknown(problem)]
  if (!Array.isArray(headers) || !headers.every((name) => typeof name === 'string')) {
    return whole(refused('wrong-type', 'headers'))
  }
  if (!Array.isArray(values)) return whole(refused('wrong-type', 'values'))
  if (values.length > bounds.rowsMax) return whole(refused('too-many', 'values'))
  const names: readonly string[] = headers
  return values.map((row: unknown, call) => {
    const context = { call, arrivedAtUs, bounds }
    if (!Array.isArray(row) || row.length !== names.length) {
      const problem = refused(
        Array.isArray(row) ? 'row-length' : 'row-not-a-list',
        `values[${call}]`,
      )
      return source.ok ? invalid(source.value, problem, call) : unknown(problem, call)
    }
    // Through entries, because a header named __proto__ must stay a plain key.
    const own = Object.fromEntries(names.map((name, index) => [name, row[index] as unknown]))
    const { headers: _headers, values: _values, ...base } = event
    return decodeCall({ ...base, ...own }, context)
  })
}

function decodeCall(event: JsonObject, context: CallContext): Call {
  const { call, bounds } = context
  const source = decodeSource(event, bounds)
  if (!source.ok) return unknown(source, call)
  const when = decodeWhen(event['when'], context)
  const labels = decodeEntries(event['labels'], 'labels', bounds)
  if (event['error'] !== undefined && event['error'] !== null) {
    return {
      kind: 'error',
      source: source.value,
      modelClass: decodeClass(event),
      labels: labels.ok ? labels.value : null,
      atUs: when.ok ? when.value : Number.NaN,
    }
  }
  if (!when.ok) return invalid(source.value, when, call)
  if (!labels.ok) return invalid(source.value, labels, call)
  return decodePrediction(
    event,
    { source: source.value, atUs: when.value, labels: labels.value },
    context,
  )
}

interface CallStart {
  readonly source: EventSource
  readonly atUs: number
  readonly labels: JsonObject | null
}

/** In the order of the original's checks: request id, latency, inputs, outputs. */
function decodePrediction(
  event: JsonObject,
  { source, atUs, labels }: CallStart,
  { bounds, call }: CallContext,
): PredictionCall | InvalidCall {
  const isModern = source.endpointId !== ''
  const request = isJsonObject(event['request']) ? event['request'] : EMPTY
  const response = isJsonObject(event['resp']) ? event['resp'] : EMPTY
  const requestId = decodeRequestId(request['id'] ?? response['id'], bounds)
  if (!requestId.ok) return invalid(source, requestId, call)
  const latencyUs = decodeLatency(event['microsec'], isModern)
  if (!latencyUs.ok) return invalid(source, latencyUs, call)
  const inputs = decodeInputs(request['inputs'], bounds)
  if (!inputs.ok) return invalid(source, inputs, call)
  const outputs = decodeOutputs(response['outputs'], inputs.value.length, isModern)
  if (!outputs.ok) return invalid(source, outputs, call)
  const metrics = decodeEntries(event['metrics'], 'metrics', bounds)
  if (!metrics.ok) return invalid(source, metrics, call)
  const entities = decodeEntries(request['entities'], 'request.entities', bounds)
  if (!entities.ok) return invalid(source, entities, call)
  const rowWeight = decodeRowWeight(event, inputs.value.length)
  if (!rowWeight.ok) return invalid(source, rowWeight, call)
  return {
    kind: 'prediction',
    source,
    modelClass: decodeClass(event),
    when: event['when'] as string,
    atUs,
    requestId: requestId.value,
    latencyUs: latencyUs.value,
    inputs: inputs.value,
    outputs: outputs.value,
    inputNames: decodeNames(request['input_schema'], bounds),
    outputNames: decodeNames(response['output_schema'], bounds),
    labels,
    metrics: metrics.value,
    entities: entities.value,
    rowWeight: rowWeight.value,
    call,
  }
}

const EMPTY: JsonObject = {}

function decodeSource(event: JsonObject, bounds: EventBounds): Decoded<EventSource> {
  const functionUri = event['function_uri']
  const model = event['model']
  if (functionUri === undefined || functionUri === null) return refused('missing', 'function_uri')
  if (model === undefined || model === null) return refused('missing', 'model')
  if (typeof functionUri !== 'string') return refused('wrong-type', 'function_uri')
  if (typeof model !== 'string') return refused('wrong-type', 'model')
  const version = event['version'] ?? ''
  if (typeof version !== 'string') return refused('wrong-type', 'version')
  if (functionUri.length > bounds.nameCharsMax) return refused('too-long', 'function_uri')
  if (model.length > bounds.nameCharsMax) return refused('too-long', 'model')
  if (version.length > bounds.nameCharsMax) return refused('too-long', 'version')
  const endpointId = event['endpoint_id'] ?? ''
  if (typeof endpointId !== 'string') return refused('wrong-type', 'endpoint_id')
  if (event['endpoint_id'] !== undefined && event['endpoint_id'] !== null) {
    if (!isSafeEndpointId(endpointId)) return refused('bad-endpoint-id', 'endpoint_id')
  }
  return taken({ functionUri, model, version, endpointId })
}

/**
 * The ids that a source may have in the store, the preferred one first. Without a version MLRun
 * wrote `model` up to 0.6.6 and `model:latest` since, which hash to different ids (D3).
 *
 * @param defaultVersion  version of a source that has none; '' for none
 * @returns               ids with the versioned model that belongs to each; empty if there can be no id
 */
export function endpointCandidates(
  source: EventSource,
  defaultVersion: string,
): readonly { readonly endpointId: string; readonly model: string }[] {
  const named = source.version === '' ? source.model : `${source.model}:${source.version}`
  if (source.endpointId !== '') return [{ endpointId: source.endpointId, model: named }]
  const hasVersion = source.version !== '' || source.model.split(':').length === 2
  const latest = `${source.model}:${defaultVersion || 'latest'}`
  const models = hasVersion ? [named] : defaultVersion === '' ? [named, latest] : [latest, named]
  return models.flatMap((model) => {
    const endpointId = endpointIdOf(source.functionUri, model)
    return endpointId === null ? [] : [{ endpointId, model }]
  })
}

function decodeClass(event: JsonObject): string {
  const name = event['model_class'] ?? event['class']
  return typeof name === 'string' ? name : ''
}

function decodeWhen(when: unknown, { arrivedAtUs, bounds }: CallContext): Decoded<number> {
  if (when === undefined || when === null) return refused('missing', 'when')
  if (typeof when !== 'string') return refused('wrong-type', 'when')
  const atUs = parseWhen(when)
  if (Number.isNaN(atUs)) return refused('bad-time', 'when')
  if (atUs < YEAR_2000_US) return refused('time-before-2000', 'when')
  if (atUs > arrivedAtUs + bounds.whenSkewMaxUs) return refused('time-ahead', 'when')
  return taken(atUs)
}

/** Only absent and null are missing: 0 and '' are ids that servers send. */
function decodeRequestId(id: unknown, bounds: EventBounds): Decoded<string> {
  if (id === undefined || id === null) return refused('missing', 'request.id')
  if (typeof id !== 'string' && typeof id !== 'number') return refused('wrong-type', 'request.id')
  const text = String(id)
  return text.length <= bounds.textCharsMax ? taken(text) : refused('too-long', 'request.id')
}

/** MLRun 1.x sends null for answers that are streamed; it alone may leave the latency out. */
function decodeLatency(latency: unknown, isModern: boolean): Decoded<number> {
  if (latency === null && isModern) return taken(Number.NaN)
  if (latency === undefined || latency === null) return refused('missing', 'microsec')
  if (typeof latency !== 'number') return refused('wrong-type', 'microsec')
  const latencyUs = Math.round(latency)
  const isInRange = latencyUs >= 0 && latencyUs <= LATENCY_US_MAX
  return isInRange ? taken(latencyUs) : refused('out-of-range', 'microsec')
}

/** A flat list of plain values is one row. */
function decodeInputs(inputs: unknown, bounds: EventBounds): Decoded<readonly unknown[]> {
  if (inputs === undefined || inputs === null) return refused('missing', 'request.inputs')
  if (!Array.isArray(inputs)) return refused('wrong-type', 'request.inputs')
  if (inputs.length > 0 && !inputs.some((row) => typeof row === 'object' && row !== null)) {
    return taken([inputs])
  }
  return inputs.length <= bounds.rowsMax ? taken(inputs) : refused('too-many', 'request.inputs')
}

/** In MLRun 1.x the outputs of one row may also be a plain value, or the row's list itself. */
function decodeOutputs(
  outputs: unknown,
  rowCount: number,
  isModern: boolean,
): Decoded<readonly unknown[]> {
  if (outputs === undefined || outputs === null) return refused('missing', 'resp.outputs')
  if (Array.isArray(outputs)) {
    return taken(isModern && rowCount === 1 && outputs.length > 1 ? [outputs] : outputs)
  }
  return isModern && typeof outputs !== 'object'
    ? taken([outputs])
    : refused('wrong-type', 'resp.outputs')
}

function decodeNames(names: unknown, bounds: EventBounds): readonly string[] | null {
  const isUsable =
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((name) => typeof name === 'string' && name.length <= bounds.nameCharsMax) &&
    new Set(names).size === names.length
  return isUsable ? (names as string[]) : null
}

/** Labels, entities and metrics: an object of bounded size, or nothing. */
function decodeEntries(
  entries: unknown,
  path: string,
  bounds: EventBounds,
): Decoded<JsonObject | null> {
  if (entries === undefined || entries === null) return taken(null)
  if (!isJsonObject(entries)) return refused('wrong-type', path)
  let count = 0
  for (const name in entries) {
    count++
    const value = entries[name]
    if (name.length > bounds.nameCharsMax) return refused('too-long', path)
    if (typeof value === 'string' && value.length > bounds.textCharsMax) {
      return refused('too-long', `${path}.${name}`)
    }
    if (!isNestedAtMost(value, NESTED_DEPTH_MAX)) return refused('too-deep', `${path}.${name}`)
  }
  if (count > bounds.labelsMax) return refused('too-many', path)
  return taken(count === 0 ? null : entries)
}

/**
 * MLRun 1.x tells how many rows an event holds and at what rate the server kept them. Its own reader
 * puts the whole event's count on each row; here each row carries its share.
 */
function decodeRowWeight(event: JsonObject, rowCount: number): Decoded<number> {
  const percentage = event['sampling_percentage'] ?? 100
  const sampleCount = event['effective_sample_count'] ?? rowCount
  if (typeof percentage !== 'number') return refused('wrong-type', 'sampling_percentage')
  if (typeof sampleCount !== 'number') return refused('wrong-type', 'effective_sample_count')
  if (!(percentage > 0 && percentage <= 100)) return refused('out-of-range', 'sampling_percentage')
  if (!(sampleCount >= 0 && sampleCount <= Number.MAX_SAFE_INTEGER)) {
    return refused('out-of-range', 'effective_sample_count')
  }
  const eventWeight = (sampleCount * 100) / percentage
  // A percentage that is next to nothing would make the counts infinite.
  if (!(eventWeight <= Number.MAX_SAFE_INTEGER)) {
    return refused('out-of-range', 'sampling_percentage')
  }
  return taken(rowCount === 0 ? 0 : eventWeight / rowCount)
}

function invalid(
  source: EventSource,
  { rejection }: { rejection: Rejection },
  call: number | null,
): InvalidCall {
  return { kind: 'invalid', source, rejection, call }
}

function unknown({ rejection }: { rejection: Rejection }, call: number | null = null): Call {
  return { kind: 'unknown', rejection, call }
}
