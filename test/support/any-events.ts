import fc from 'fast-check'
import { endpointIdOf } from '../../lib/stream/accept/endpoint-id.ts'
import type { Attribute } from '../../lib/stream/ports.ts'

/** An event that is still to be sent, and what its rows are to become. */
export interface EventPlan {
  readonly source: Source
  readonly shape: 'single' | 'batch' | 'error' | 'no time' | 'not JSON' | 'no project' | 'notice'
  /** One entry per row: whether it can be taken. */
  readonly rows: readonly RowKind[]
  /** How far its time lies from its arrival. */
  readonly whenMs: number
  /** Whether a stream trigger read it, which then knows its offset. */
  readonly isOfShard: boolean
}

const HOUR_MS = 3_600_000

type RowKind = 'good' | 'null feature' | 'nested value' | 'nested output'

interface Source {
  readonly fields: Readonly<Record<string, unknown>>
  readonly endpointId: string
  /** Values predicted per row, by the row's place. */
  readonly outputs: (row: number) => unknown
}

function idOf(functionUri: string, model: string): string {
  return endpointIdOf(functionUri, model) ?? ''
}

const one = (): unknown => 1
/** Two spellings each of two endpoints, one whose record has another id, one with an id of its own. */
const SOURCES: readonly Source[] = [
  {
    fields: { function_uri: 'p/f:t', model: 'a', version: 'v1' },
    endpointId: idOf('p/f:t', 'a:v1'),
    outputs: one,
  },
  {
    fields: { function_uri: 'p/f@hash:t', model: 'a:v1' },
    endpointId: idOf('p/f:t', 'a:v1'),
    outputs: one,
  },
  {
    fields: { function_uri: 'p/g', model: 'b', class: 'B', labels: { x: 1 } },
    endpointId: idOf('p/g', 'b:latest'),
    outputs: (row) => (row === 0 ? [1] : [1, 2]),
  },
  {
    fields: { function_uri: 'p/g', model: 'b', version: 'latest', labels: { x: 1 } },
    endpointId: idOf('p/g', 'b:latest'),
    outputs: one,
  },
  {
    fields: { function_uri: 'p/h', model: 'c', version: '', metrics: { m: 1 } },
    endpointId: idOf('p/h', 'c'),
    outputs: one,
  },
  {
    fields: { function_uri: 'p/i', model: 'd', endpoint_id: 'uid-1' },
    endpointId: 'uid-1',
    outputs: () => 'text',
  },
]

/** What the store holds before the first event: one record of somebody else, under a version-less id. */
export const RECORD_BEFORE: readonly [string, ReadonlyMap<string, Attribute>] = [
  idOf('p/h', 'c'),
  new Map<string, Attribute>([
    ['feature_names', { type: 'string', value: '["u", "v"]' }],
    ['error_count', { type: 'int', value: 7 }],
    ['first_request', { type: 'string', value: '2026-10-01 00:00:00.000000+00:00' }],
  ]),
]

const rowKind = fc.oneof(
  { weight: 6, arbitrary: fc.constant<RowKind>('good') },
  fc.constantFrom<RowKind>('null feature', 'nested value', 'nested output'),
)

/** Events of several endpoints, whose times reach back for hours, and some for days. */
export const eventPlan: fc.Arbitrary<EventPlan> = fc.record({
  source: fc.constantFrom(...SOURCES),
  shape: fc.oneof(
    { weight: 8, arbitrary: fc.constant<EventPlan['shape']>('single') },
    { weight: 2, arbitrary: fc.constant<EventPlan['shape']>('batch') },
    fc.constantFrom<EventPlan['shape']>('error', 'no time', 'not JSON', 'no project', 'notice'),
  ),
  rows: fc.array(rowKind, { minLength: 1, maxLength: 3 }),
  whenMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -3000, max: 3000 }) },
    { weight: 2, arbitrary: fc.integer({ min: -3 * HOUR_MS, max: 300_000 }) },
    fc.constantFrom(-50 * HOUR_MS, -51 * HOUR_MS),
  ),
  isOfShard: fc.boolean(),
})

/** A row that must be in a file at the end. */
export interface ExpectedRow {
  readonly endpointId: string
  /** Whole hours since 1970 UTC. */
  readonly hour: number
  readonly requestId: string
  /** Value of its first feature; each row has another one. */
  readonly mark: number
}

/** An event as it is sent. */
export interface SentEvent {
  readonly body: Uint8Array
  readonly rows: readonly ExpectedRow[]
}

/** The body of the n-th event, sent at a time. */
export function sendAt(plan: EventPlan, number: number, nowUs: number): SentEvent {
  const { source, shape, whenMs } = plan
  const atMs = Math.floor(nowUs / 1000) + whenMs
  const text = `${new Date(atMs).toISOString().slice(0, -1)}000+00:00`
  // Both the form of the servers and another one.
  const when = number % 3 === 0 ? text : text.replace('T', ' ')
  const requestId = `r${number}`
  const resp = { id: requestId }
  if (shape === 'not JSON') return sent(Buffer.from(`{"id": ${number}`))
  if (shape === 'notice') return sent(json({ kind: 'nop_event', number }))
  if (shape === 'no project') return sent(json({ function_uri: 'f', model: `m${number}`, when }))
  const base = { ...source.fields, resp, when, microsec: 5 + number }
  if (shape === 'error') return sent(json({ ...base, error: 'boom' }))
  if (shape === 'no time') return sent(json({ ...base, when: null }))
  const calls = shape === 'batch' ? plan.rows.map((kind) => [kind]) : [plan.rows]
  const bodies = calls.map((kinds, call) => ({
    request: {
      id: requestId,
      inputs: kinds.map((kind, row) => inputOf(kind, number * 10 + call + row)),
    },
    resp: {
      outputs: kinds.map((kind, row) => (kind === 'nested output' ? [[]] : source.outputs(row))),
    },
  }))
  const hour = Math.floor(atMs / HOUR_MS)
  const rows = plan.rows.flatMap((kind, row) =>
    kind === 'good' || kind === 'null feature'
      ? [{ endpointId: source.endpointId, hour, requestId, mark: number * 10 + row }]
      : [],
  )
  const event =
    shape === 'batch'
      ? {
          ...base,
          headers: ['request', 'resp'],
          values: bodies.map(({ request, resp }) => [request, resp]),
        }
      : { ...base, ...bodies[0] }
  return { body: json(event), rows }
}

function inputOf(kind: RowKind, mark: number): unknown {
  if (kind === 'nested value') return [mark, [1]]
  return [mark, kind === 'null feature' ? null : mark / 2]
}

function json(event: object): Uint8Array {
  return Buffer.from(JSON.stringify(event))
}

function sent(body: Uint8Array): SentEvent {
  return { body, rows: [] }
}
