// A small client for the double's own tests.
import { request as httpRequest } from 'node:http'
import {
  decodeFrame,
  encodeFrame,
  encodeWrite,
  type FrameParts,
  type WireFrame,
} from './frames-messages.ts'
import { framed, framedMessages } from './framing.ts'

export const KEY = 'test-access-key'
export const TABLE = 'default/model-endpoints/events'
export const SESSION = { container: 'projects', token: KEY }

export interface TestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

export interface TestRequest {
  readonly path: string
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly headers?: Record<string, string>
}

/** Sends one request on a connection of its own; rejects when it breaks. */
export function send(url: string, request: TestRequest): Promise<TestAnswer> {
  const { path, method = 'POST', body = '', headers = {} } = request
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}${path}`, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export function sendJson(url: string, path: string, fields: object): Promise<TestAnswer> {
  return send(url, { path, body: JSON.stringify(fields) })
}

/** The body of a write: a first message that can be changed, and frames. */
export function writeBody(
  frames: readonly FrameParts[],
  initial: Parameters<typeof encodeWrite>[0] = {},
): Buffer {
  const first = encodeWrite({ session: SESSION, backend: 'tsdb', table: TABLE, ...initial })
  return Buffer.concat([framed(first), ...frames.map((frame) => framed(encodeFrame(frame)))])
}

export function write(url: string, ...frames: readonly FrameParts[]): Promise<TestAnswer> {
  return send(url, { path: '/write', body: writeBody(frames) })
}

export async function create(url: string, table = TABLE): Promise<void> {
  const fields = { session: SESSION, backend: 'tsdb', table, rate: '10/m' }
  const { status, body } = await sendJson(url, '/create', fields)
  if (status !== 200) throw new Error(`create: ${status} ${body}`)
}

export async function read(url: string, fields: object = {}): Promise<readonly WireFrame[]> {
  const all = { session: SESSION, backend: 'tsdb', table: TABLE, start: '0', end: 'now', ...fields }
  const { status, body } = await sendJson(url, '/read', all)
  if (status !== 200) throw new Error(`read: ${status} ${body}`)
  return framesOf(body)
}

export function framesOf(body: Buffer): readonly WireFrame[] {
  return [...framedMessages(body)].map(decodeFrame)
}

export function times(...atMs: readonly number[]): FrameParts['indices'] {
  return [{ name: 'time', dtype: 'TIME', times: atMs.map((one) => BigInt(one) * 1_000_000n) }]
}

/** A frame with one metric `m`, a TIME index and the label `id`, from rows. */
export function rows(
  ...cells: readonly (readonly [atMs: number, id: string, value: number])[]
): FrameParts {
  return {
    columns: [{ name: 'm', dtype: 'FLOAT', floats: cells.map(([, , value]) => value) }],
    indices: [
      ...(times(...cells.map(([atMs]) => atMs)) ?? []),
      { name: 'id', dtype: 'STRING', strings: cells.map(([, id]) => id) },
    ],
  }
}
