import type { ResponseConstructor } from './context.ts'

/**
 * The header that keeps an event unacknowledged: with `explicitAckMode: enable` and
 * `workerAllocationMode: static` (Nuclio 1.10 on) the event's position is not committed until a
 * later event of its shard is answered without it. The value must be the JSON boolean true, the
 * case exact.
 */
export const NO_ACK_HEADER = 'X-Nuclio-Stream-No-Ack'

/** The parts of an answer; what is left out takes the default. */
export interface ReplyParts {
  /** Default 200. */
  readonly status?: number
  /**
   * Text as it is, an object as JSON. Default ''. Bytes: return the Buffer itself as the answer.
   */
  readonly body?: string | object
  /** Default text/plain for text, application/json for an object. */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string | number | boolean>>
  /** Adds the no-ack header: see NO_ACK_HEADER. Default false. */
  readonly noAck?: boolean
}

/** In the registry of all copies of this package: a function may be bundled in several files. */
const REPLY = Symbol.for('nuclio-sdk-ts.reply')

/** An answer with all its parts, made by `respond`. */
export class Reply {
  readonly [REPLY] = true
  readonly status: number
  readonly body: string | object
  readonly contentType: string
  readonly headers: Readonly<Record<string, string | number | boolean>>

  constructor({ status = 200, body = '', contentType, headers = {}, noAck = false }: ReplyParts) {
    this.status = status
    this.body = body
    this.contentType = contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/json')
    this.headers = noAck ? { ...headers, [NO_ACK_HEADER]: true } : headers
  }
}

/**
 * What a handler may return, and what the client gets:
 * a string: 200 text/plain; a Buffer: 200, its bytes; [status, body]: that status, the body as text
 * or JSON; `respond({...})`: as told; any other object or null: 200 application/json; nothing: 200
 * with an empty body. An array of two whose first is a whole number from 100 to 599 is always taken
 * for [status, body]; send such an array as data with `respond({ body })`.
 */
export type Answer =
  | string
  | Buffer
  | readonly [status: number, body: string | object]
  | Reply
  | object
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is fine
  | void

/** An answer with status, headers, content type and the no-ack header as told. */
export function respond(parts: ReplyParts): Reply {
  return new Reply(parts)
}

/** An answer that leaves the event unacknowledged: see NO_ACK_HEADER. */
export function respondWithoutAck(body: string | object = ''): Reply {
  return new Reply({ body, noAck: true })
}

/**
 * What the wrapper's callback accepts in place of an answer. Objects are written as JSON here and
 * not by the wrapper, so that a cycle or a BigInt is an error of the handler, which `onError` sees.
 *
 * Throws what JSON.stringify throws, and a TypeError for bytes where the wrapper cannot carry them.
 */
export function toCallbackOutput(answer: Answer, ResponseClass: ResponseConstructor): unknown {
  if (typeof answer === 'string' || answer === undefined) return answer
  if (Buffer.isBuffer(answer) || answer instanceof ResponseClass) return answer
  if (isReply(answer)) return toResponse(answer, ResponseClass)
  if (isStatusAndBody(answer)) {
    const [status, body] = answer
    return typeof body === 'string' ? answer : toResponse(respond({ status, body }), ResponseClass)
  }
  return toResponse(new Reply({ body: toJson(answer), contentType: JSON_TYPE }), ResponseClass)
}

function isReply(answer: object | null): answer is Reply {
  return answer !== null && REPLY in answer
}

const JSON_TYPE = 'application/json'

function toResponse(reply: Reply, ResponseClass: ResponseConstructor): unknown {
  const body = typeof reply.body === 'string' ? reply.body : toJson(reply.body)
  return new ResponseClass(body, reply.headers, reply.contentType, reply.status)
}

function toJson(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    // The wrapper writes JSON for them, which no client wants: {"type":"Buffer","data":[...]}.
    throw new TypeError('Bytes can only be an answer of their own, as a Buffer.')
  }
  // undefined for a function or a symbol; the wrapper needs a text.
  return JSON.stringify(value) ?? ''
}

function isStatusAndBody(answer: unknown): answer is readonly [number, string | object] {
  if (!Array.isArray(answer) || answer.length !== 2) return false
  const [status, body] = answer
  if (!Number.isInteger(status) || status < 100 || status > 599) return false
  return typeof body === 'string' || (typeof body === 'object' && body !== null)
}
