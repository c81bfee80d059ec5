import { prediction } from '../contract/predictions.ts'
import { Seeded } from './seeded.ts'

/** What is to come of an event, whoever is killed how often. */
export interface StreamEvent {
  /** Its request id, which stands in its body whatever else does. */
  readonly id: string
  /** The model of its endpoint; null where none can be told. */
  readonly model: string | null
  readonly body: string
  readonly outcome: 'accepted' | 'error' | 'ignored' | 'rejected'
  /** Rows that end in Parquet. */
  readonly rowCount: number
  /** Lines of the dead letters. */
  readonly letterCount: number
  /** Whether the endpoint's error_count grows. */
  readonly isError: boolean
}

/** Finds ids of events in what was written of them. */
export const EVENT_ID = /s\d+-o\d+-/g

const MODELS_PER_SHARD = 2
const ROWS_MAX = 3
/** Rows of one that takes a while. */
export const LONG_EVENT_ROWS = 150
/** Longer than the rows of a long event, which are stamped a millisecond apart in the time series. */
const MS_BETWEEN_EVENTS = 200
/** All of a run's events lie in the longest count window, and none is late. */
const FIRST_AT_MS = Date.now() - 20 * 60_000

/** Models of a shard; all events of an endpoint are in one shard, as MLRun's servers push them. */
export function modelsOf(shard: number): readonly string[] {
  return Array.from({ length: MODELS_PER_SHARD }, (_, index) => `shard-${shard}-model-${index}`)
}

/** The event at a place of the stream: the seed decides which one. */
export function eventAt(seed: number, place: { shard: number; offset: number }): StreamEvent {
  const { shard, offset } = place
  const random = new Seeded(seed ^ (shard * 7_919 + offset * 104_729))
  const id = `s${shard}-o${offset}-`
  const model = modelsOf(shard)[random.between(0, MODELS_PER_SHARD - 1)] ?? ''
  const rowCount = random.between(1, ROWS_MAX)
  const good = prediction({ requestId: id, rowCount, model, when: whenOf(offset) }).body
  const accepted = { id, model, body: good, outcome: 'accepted', rowCount } as const
  const rejected = { id, outcome: 'rejected', rowCount: 0, letterCount: 1 } as const
  const kind = random.next()
  if (kind < 0.06) {
    return { ...rejected, model: null, body: good.slice(0, -9), isError: false }
  }
  if (kind < 0.12) {
    const body = changed(good, { microsec: 'soon' })
    return { ...rejected, model, body, isError: true }
  }
  if (kind < 0.2) {
    const body = changed(good, { error: 'The model has failed.' })
    return { ...accepted, body, outcome: 'error', rowCount: 0, letterCount: 0, isError: true }
  }
  if (kind < 0.23) {
    const body = JSON.stringify({ kind: 'nop_event', id })
    const nothing = { rowCount: 0, letterCount: 0, isError: false }
    return { id, model: null, body, outcome: 'ignored', ...nothing }
  }
  if (kind < 0.29) {
    // One row more, which is no row.
    const { request, resp } = JSON.parse(good)
    const inputs = [...request.inputs, 'no row']
    const outputs = [...resp.outputs, 0]
    const body = changed(good, { request: { ...request, inputs }, resp: { ...resp, outputs } })
    return { ...accepted, body, letterCount: 1, isError: false }
  }
  if (kind < 0.33) {
    const long = { requestId: id, rowCount: LONG_EVENT_ROWS, model, when: whenOf(offset) }
    const { body } = prediction(long)
    return { ...accepted, body, rowCount: LONG_EVENT_ROWS, letterCount: 0, isError: false }
  }
  return { ...accepted, letterCount: 0, isError: false }
}

function changed(body: string, changes: object): string {
  return JSON.stringify({ ...JSON.parse(body), ...changes })
}

function whenOf(offset: number): string {
  const when = new Date(FIRST_AT_MS + offset * MS_BETWEEN_EVENTS).toISOString()
  return `${when.slice(0, 10)} ${when.slice(11, 23)}000+00:00`
}
