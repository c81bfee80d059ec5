import type { JsonObject } from './event.ts'
import { isJsonObject } from './event.ts'
import { parseBody } from './parse-json.ts'

/** What of an event is meant: all of it, one call of a batch, or one row of a call. */
export interface EventPartPlace {
  /** Index of the call in a batch event, or null. */
  readonly call: number | null
  /** Index of the row in its call, or null for more than a row. */
  readonly row: number | null
}

/**
 * An event that says only what a part of another one says, so that the part can be taken anew without the
 * rest of it.
 *
 * @returns  null where there is no such part
 */
export function partOfEvent(body: Uint8Array, { call, row }: EventPartPlace): Uint8Array | null {
  if (call === null && row === null) return body
  const parsed = parseBody(body)
  if (!parsed.ok || !isJsonObject(parsed.value)) return null
  const single = call === null ? parsed.value : callOf(parsed.value, call)
  const part = row === null ? single : single === null ? null : rowOf(single, row)
  return part === null ? null : Buffer.from(JSON.stringify(part))
}

/** One call of a batch, with the fields that all of them share. */
function callOf({ headers, values, ...base }: JsonObject, call: number): JsonObject | null {
  const own: unknown = Array.isArray(values) ? values[call] : undefined
  if (!Array.isArray(headers) || !Array.isArray(own)) return null
  if (own.length !== headers.length) return null
  const entries = headers.map((name, index) => [String(name), own[index]] as const)
  // Through entries, because a header named __proto__ must stay a plain key.
  return Object.fromEntries([...Object.entries(base), ...entries])
}

function rowOf(call: JsonObject, row: number): JsonObject | null {
  const { request, resp } = call
  if (!isJsonObject(request) || !Array.isArray(request['inputs'])) return null
  const { inputs } = request
  // A flat list of values is one row.
  const isFlat = inputs.length > 0 && !Array.isArray(inputs[0]) && !isJsonObject(inputs[0])
  if (isFlat) return row === 0 ? call : null
  if (row >= inputs.length) return null
  const outputs = isJsonObject(resp) && Array.isArray(resp['outputs']) ? resp['outputs'] : []
  return {
    ...call,
    request: { ...request, inputs: [inputs[row]] },
    resp: { ...(isJsonObject(resp) ? resp : {}), outputs: outputs.slice(row, row + 1) },
  }
}
