// From the text of an event to its calls (SEMANTICS.md section 1), and what makes a call unusable
// as a whole (section 4, step 5).
import type { JsonObject, Reason, Rejected } from './slow-parts.ts'
import { isObject } from './slow-parts.ts'
import { parseWhenUs } from './slow-when.ts'

const NOTICES = ['nop_event', 'batch_complete']
const YEAR_2000_US = 946_684_800_000_000
const TOKENS = ['NaN', 'Infinity', '-Infinity']
// No server sends a text that begins like this.
const TOKEN_MARK = '\u0000token '

/** JSON in which Python's NaN, Infinity and -Infinity may stand for numbers; undefined if neither. */
export function parseEvent(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return parseWithTokens(text)
  }
}

function parseWithTokens(text: string): unknown {
  // Texts are matched first and left alone, so that a token within one stays what it is.
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) =>
    TOKENS.includes(part) ? JSON.stringify(TOKEN_MARK + part) : part,
  )
  try {
    return JSON.parse(marked, (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(TOKEN_MARK)
        ? Number(value.slice(TOKEN_MARK.length))
        : value,
    )
  } catch {
    return undefined
  }
}

/** A notice between MLRun's own parts, which is ignored. */
export function isNotice(event: JsonObject): boolean {
  return NOTICES.some((kind) => kind === event['kind'])
}

/** One call of the model server: its fields, and why its batch does not let it be read, if so. */
export interface RawCall {
  readonly fields: JsonObject
  readonly refusal: Reason | null
}

/** A batch has one call per entry of `values`, every other event is one call. */
export function callsOf(event: JsonObject): readonly RawCall[] {
  const { headers, values, ...base } = event
  if ((headers ?? null) === null && (values ?? null) === null) {
    return [{ fields: event, refusal: null }]
  }
  if ((headers ?? null) === null || (values ?? null) === null) {
    return [{ fields: base, refusal: 'missing' }]
  }
  if (!Array.isArray(headers) || !Array.isArray(values)) {
    return [{ fields: base, refusal: 'wrong-type' }]
  }
  return values.map((entry: unknown) => {
    if (!Array.isArray(entry)) return { fields: base, refusal: 'wrong-type' }
    const own = headers.slice(0, entry.length).map((name, index) => [String(name), entry[index]])
    return { fields: { ...base, ...Object.fromEntries(own) }, refusal: null }
  })
}

/** When the event arrives by the event clock: its newest time in whole seconds, rounded up. */
export function arrivalUsOf(calls: readonly RawCall[], latestArrivalUs: number): number {
  let arrivalUs = latestArrivalUs
  for (const { fields } of calls) {
    const when = fields['when']
    const timeUs = typeof when === 'string' ? parseWhenUs(when) : null
    if (timeUs === null) continue
    arrivalUs = Math.max(arrivalUs, Math.ceil(timeUs / 1_000_000) * 1_000_000)
  }
  return arrivalUs
}

export interface CallTime {
  /** As received. */
  readonly when: string
  readonly timeUs: number
}

export function timeOf(
  fields: JsonObject,
  limits: { readonly arrivalUs: number; readonly skewSeconds: number },
): CallTime | Rejected {
  const when = fields['when'] ?? null
  if (when === null) return { reason: 'missing' }
  if (typeof when !== 'string') return { reason: 'wrong-type' }
  const timeUs = parseWhenUs(when)
  if (timeUs === null || timeUs < YEAR_2000_US) return { reason: 'bad-time' }
  // By the event clock nothing is later than its own arrival; with another clock it could be.
  if (timeUs > limits.arrivalUs + limits.skewSeconds * 1_000_000) return { reason: 'bad-time' }
  return { when, timeUs }
}

/** A call that can be taken. Whether its rows can is seen row by row. */
export interface CallBody {
  readonly requestId: string
  readonly latencyUs: number | null
  readonly inputs: readonly unknown[]
  readonly outputs: readonly unknown[]
  /** How many predictions each of the rows stands for. */
  readonly rowWeight: number
  readonly inputSchema: unknown
  readonly outputSchema: unknown
  readonly metrics: JsonObject
  readonly entities: JsonObject
}

export function bodyOf(fields: JsonObject, hasGivenId: boolean): CallBody | Rejected {
  const request = fields['request'] ?? {}
  const response = fields['resp'] ?? {}
  if (!isObject(request) || !isObject(response)) return { reason: 'wrong-type' }

  const requestId = request['id'] ?? response['id'] ?? null
  if (requestId === null) return { reason: 'missing' }
  if (typeof requestId !== 'string' && typeof requestId !== 'number')
    return { reason: 'wrong-type' }

  const latencyUs = fields['microsec']
  if (latencyUs === undefined) return { reason: 'missing' }
  if (latencyUs === null && !hasGivenId) return { reason: 'missing' }
  if (latencyUs !== null && !isLatency(latencyUs)) return { reason: 'wrong-type' }

  const inputs = request['inputs'] ?? null
  if (inputs === null) return { reason: 'missing' }
  if (!Array.isArray(inputs)) return { reason: 'wrong-type' }
  const outputs = response['outputs'] ?? null
  if (outputs === null) return { reason: 'missing' }
  const isScalar = !Array.isArray(outputs) && !isObject(outputs)
  if (!Array.isArray(outputs) && !(isScalar && hasGivenId)) return { reason: 'wrong-type' }

  const rows = isFlat(inputs) ? [inputs] : inputs
  return {
    requestId: String(requestId),
    latencyUs: latencyUs === null ? null : Math.round(latencyUs),
    inputs: rows,
    outputs: outputsByRow({ outputs, rowCount: rows.length, hasGivenId }),
    rowWeight: rowWeightOf(fields, rows.length),
    inputSchema: request['input_schema'],
    outputSchema: response['output_schema'],
    metrics: objectOrNone(fields['metrics']),
    entities: objectOrNone(request['entities']),
  }
}

function isLatency(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 2 ** 53
}

/** A list of plain values is one row. */
function isFlat(inputs: readonly unknown[]): boolean {
  return inputs.length > 0 && inputs.every((value) => !Array.isArray(value) && !isObject(value))
}

function outputsByRow(answer: {
  readonly outputs: unknown
  readonly rowCount: number
  readonly hasGivenId: boolean
}): readonly unknown[] {
  const { outputs, rowCount, hasGivenId } = answer
  if (!Array.isArray(outputs)) return [outputs]
  if (hasGivenId && rowCount === 1 && outputs.length > 1) return [outputs]
  return outputs
}

/** The event's estimated count, spread over its rows: 3 rows at 50 % are 6 predictions, 2 a row. */
function rowWeightOf(fields: JsonObject, rowCount: number): number {
  const kept = positiveOr(fields['effective_sample_count'], rowCount)
  const percentage = positiveOr(fields['sampling_percentage'], 100)
  return (kept * 100) / percentage / rowCount
}

function positiveOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : otherwise
}

export function objectOrNone(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
