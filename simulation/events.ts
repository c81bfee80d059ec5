import { endpointIdOf } from '../lib/stream/accept/endpoint-id.ts'
import type { Random } from './random.ts'

export type Shape = 'single' | 'batch' | 'error' | 'no time' | 'not JSON' | 'no project' | 'notice'
type RowKind = 'good' | 'null feature' | 'nested value' | 'nested output' | 'text for a number'

/** One row of an event. */
export interface SentRow {
  /** Value of its first feature; each row of a run has another one. */
  readonly mark: number
  readonly isGood: boolean
  /** Refused because of its second value, which is a text. */
  readonly isText: boolean
  readonly inputs: readonly unknown[]
}

/** An event as it is sent, with what is known of it by hand. */
export interface SentEvent {
  readonly body: Uint8Array
  readonly shape: Shape
  readonly requestId: string
  readonly endpointId: string
  /** Its own time, microseconds since 1970 UTC. */
  readonly atUs: number
  readonly rows: readonly SentRow[]
}

/** What must come of an event. */
export interface Expectation {
  readonly outcome: 'accepted' | 'error' | 'ignored' | 'rejected'
  readonly rows: readonly SentRow[]
  /** Call and row of each dead letter. */
  readonly letters: readonly (readonly [call: number | null, row: number | null])[]
}

/** A model behind a function. */
export interface EventSource {
  readonly fields: Readonly<Record<string, unknown>>
  readonly endpointId: string
  /** What is predicted for a row, by the row's place. */
  readonly output: (row: number) => unknown
  /** Where there are training sets: whether types are known before the first row. Rows have a text then too. */
  readonly training?: { readonly isTyped: boolean }
}

/** Models of a project: two spellings of one, one with labels, one with a record, one with an id of its own. */
export function sourcesOf(
  project: string,
  { hasTraining }: { readonly hasTraining: boolean },
): readonly [EventSource, ...EventSource[]] {
  const typed = hasTraining ? { training: { isTyped: true } } : {}
  const untyped = hasTraining ? { training: { isTyped: false } } : {}
  const id = (functionUri: string, model: string): string => endpointIdOf(functionUri, model) ?? ''
  const one = (): unknown => 1
  return [
    {
      fields: { function_uri: `${project}/f:t`, model: 'a', version: 'v1' },
      endpointId: id(`${project}/f:t`, 'a:v1'),
      output: one,
      ...typed,
    },
    {
      fields: { function_uri: `${project}/f@hash:t`, model: 'a:v1' },
      endpointId: id(`${project}/f:t`, 'a:v1'),
      output: one,
      ...typed,
    },
    {
      fields: { function_uri: `${project}/g`, model: 'b', class: 'B', labels: { x: 1 } },
      endpointId: id(`${project}/g`, 'b:latest'),
      output: (row) => (row === 0 ? [1] : [1, 2]),
      ...untyped,
    },
    {
      fields: { function_uri: `${project}/h`, model: 'c', version: '', metrics: { m: 1 } },
      endpointId: id(`${project}/h`, 'c'),
      output: one,
      ...typed,
    },
    {
      fields: { function_uri: `${project}/i`, model: 'd', endpoint_id: `${project}-uid` },
      endpointId: `${project}-uid`,
      output: () => 'text',
    },
  ]
}

const SHAPES: readonly [Shape, ...Shape[]] = [
  ...Array<Shape>(8).fill('single'),
  ...['batch', 'batch', 'error', 'no time', 'not JSON', 'no project', 'notice'],
] as [Shape, ...Shape[]]
const ROW_KINDS: readonly [RowKind, ...RowKind[]] = [
  'good',
  ...Array<RowKind>(6).fill('good'),
  ...(['null feature', 'nested value', 'nested output'] as const),
]
const HOUR_MS = 3_600_000

/** How far the times of events may lie from the moment in which they are made. */
export interface TimeSpread {
  readonly hasLate: boolean
  /** Milliseconds in front of it at most. */
  readonly aheadMsMax: number
}

/** Makes the n-th event of a run, at a time of the simulated clock. */
export function makeEvent(
  number: number,
  nowUs: number,
  {
    random,
    sources,
    spread,
  }: {
    readonly random: Random
    readonly sources: readonly [EventSource, ...EventSource[]]
    readonly spread: TimeSpread
  },
): SentEvent {
  const shape = random.pick(SHAPES)
  const source = random.pick(sources)
  const atMs = Math.floor(nowUs / 1000) + offsetMs(random, spread, shape)
  const drawn = Array.from({ length: random.integer(1, 3) }, () => random.pick(ROW_KINDS))
  // Not drawn, so that runs without training sets stay as they are.
  const isTyped = source.training?.isTyped === true
  const kinds = drawn.map((kind, row) =>
    isTyped && kind === 'good' && (number + row) % 6 === 1 ? 'text for a number' : kind,
  )
  return eventOf({ number, shape, source, kinds, atMs })
}

function offsetMs(random: Random, { hasLate, aheadMsMax }: TimeSpread, shape: Shape): number {
  if (shape === 'error' || random.chance(0.6)) return random.integer(-3000, 1000)
  if (hasLate && random.chance(0.5)) {
    return random.pick([-50 * HOUR_MS, -51 * HOUR_MS, -random.integer(0, 3 * HOUR_MS)])
  }
  return random.integer(0, aheadMsMax)
}

/** An event with nothing odd about it. */
export function plainEvent(number: number, nowUs: number, source: EventSource): SentEvent {
  const atMs = Math.floor(nowUs / 1000)
  return eventOf({ number, shape: 'single', source, kinds: ['good'], atMs })
}

function eventOf({
  number,
  shape,
  source,
  kinds,
  atMs,
}: {
  readonly number: number
  readonly shape: Shape
  readonly source: EventSource
  readonly kinds: readonly RowKind[]
  readonly atMs: number
}): SentEvent {
  const text = `${new Date(atMs).toISOString().slice(0, -1)}000+00:00`
  // Both the form of the servers and another one.
  const when = number % 3 === 0 ? text : text.replace('T', ' ')
  const requestId = `r${number}`
  const base = { ...source.fields, resp: { id: requestId }, when, microsec: 5 + number }
  const hasRows = shape === 'single' || shape === 'batch'
  const rows = kinds.map((kind, row) => ({
    mark: number * 10 + row,
    isGood: kind === 'good' || kind === 'null feature',
    isText: kind === 'text for a number',
    inputs: inputOf(kind, { mark: number * 10 + row, source }),
  }))
  const bodies = (
    shape === 'batch'
      ? kinds.map((kind, row) => [{ kind, row }])
      : [kinds.map((kind, row) => ({ kind, row }))]
  ).map((some) => ({
    request: {
      id: requestId,
      inputs: some.map(({ row }) => rows[row]?.inputs),
    },
    resp: {
      outputs: some.map(({ kind }, row) => (kind === 'nested output' ? [[]] : source.output(row))),
    },
  }))
  const json: Record<Shape, unknown> = {
    single: { ...base, ...bodies[0] },
    batch: {
      ...base,
      headers: ['request', 'resp'],
      values: bodies.map(({ request, resp }) => [request, resp]),
    },
    error: { ...base, error: 'boom' },
    'no time': { ...base, when: null },
    'not JSON': null,
    'no project': { function_uri: 'f', model: `m${number}`, when },
    notice: { kind: 'nop_event', number },
  }
  const body = shape === 'not JSON' ? `{"id": ${number}` : JSON.stringify(json[shape])
  return {
    body: Buffer.from(body),
    shape,
    requestId,
    endpointId: source.endpointId,
    atUs: atMs * 1000,
    rows: hasRows ? rows : [],
  }
}

const TEXTS = ['red', 'blue', 'green', null, 'red'] as const

function inputOf(
  kind: RowKind,
  { mark, source }: { readonly mark: number; readonly source: EventSource },
): readonly unknown[] {
  const text = TEXTS[(Math.floor(mark / 10) + mark) % TEXTS.length]
  const more = source.training === undefined ? [] : [text]
  if (kind === 'nested value') return [mark, [1], ...more]
  if (kind === 'text for a number') return [mark, 'many', ...more]
  return [mark, kind === 'null feature' ? null : mark / 2, ...more]
}

/** Whether an event is rejected for its time, where it arrives. */
export function isAhead({ atUs }: SentEvent, arrivedAtUs: number, skewMaxUs: number): boolean {
  return atUs - arrivedAtUs > skewMaxUs
}

/** What must come of an event that is no redelivery. */
export function expectationOf(
  event: SentEvent,
  arrivedAtUs: number,
  skewMaxUs: number,
): Expectation {
  const { shape, rows } = event
  const none: Expectation = { outcome: 'rejected', rows: [], letters: [[null, null]] }
  switch (shape) {
    case 'notice':
      return { outcome: 'ignored', rows: [], letters: [] }
    case 'error':
      return { outcome: 'error', rows: [], letters: [] }
    case 'no time':
    case 'not JSON':
    case 'no project':
      return none
    case 'single':
    case 'batch':
      break
  }
  const isBatch = shape === 'batch'
  if (isAhead(event, arrivedAtUs, skewMaxUs)) {
    return isBatch ? { ...none, letters: rows.map((_, call) => [call, null]) } : none
  }
  return {
    outcome: 'accepted',
    rows: rows.filter(({ isGood }) => isGood),
    letters: rows.flatMap(({ isGood }, index) => {
      if (isGood) return []
      return [isBatch ? ([index, 0] as const) : ([null, index] as const)]
    }),
  }
}
