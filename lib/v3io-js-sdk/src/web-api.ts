import type { HttpAnswer, HttpCall, HttpTransport } from './http-transport.ts'
import { V3ioError } from './v3io-error.ts'

/** A call of one of the functions of the web API. */
export interface FunctionCall {
  /** Such as `PutItem`. */
  readonly name: string
  readonly method: 'PUT' | 'POST'
  readonly path: string
  /** JSON; nothing is sent without one. */
  readonly body?: string
  readonly isRepeatable: boolean
}

/** The request that calls a function. */
export function functionCall({ name, method, path, body, isRepeatable }: FunctionCall): HttpCall {
  // Written out: spreading takes several times as long, and every record makes one of these.
  if (body === undefined)
    return { method, path, headers: { 'X-v3io-function': name }, isRepeatable }
  const headers = { 'X-v3io-function': name, 'Content-Type': 'application/json' }
  return { method, path, headers, body, isRepeatable }
}

/**
 * Sends a request.
 *
 * @param expected  statuses that are outcomes of this call and no errors, besides all 2xx
 * @throws          V3ioError for any other status, and as `HttpTransport.send`
 */
export async function sendExpecting(
  transport: HttpTransport,
  call: HttpCall,
  expected: readonly number[] = [],
): Promise<HttpAnswer> {
  const answer = await transport.send(call)
  if (isOk(answer.status) || expected.includes(answer.status)) return answer
  throw transport.errorOf(call, answer)
}

/** Whether a status is 2xx: the platform is not exact about which. */
export function isOk(status: number): boolean {
  return status >= 200 && status < 300
}

/** Checks a whole number of a caller; @throws V3ioError `invalid-argument` */
export function checkWhole(
  name: string,
  value: number,
  { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const wanted = `a whole number from ${min} to ${max}`
  throw new V3ioError('invalid-argument', `${name} is ${value}; wanted ${wanted}`)
}
