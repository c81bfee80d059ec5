import { seededRandom } from './support.ts'

/** What the made events look like. */
export interface EventShape {
  readonly count: number
  readonly endpointCount: number
  readonly featureCount: number
  /** Which endpoint an event is of; by chance where this is missing. */
  readonly endpointOf?: (index: number) => number
  /** Rows of an event; one where this is missing. */
  readonly rowsOf?: (index: number) => number
  /** Numbers of an event; random ones of full precision where this is missing. */
  readonly number?: () => number
}

/** Time between two events: 5,000 a second, what one worker takes inside Nuclio's wrapper. */
export const STEP_US = 200

/** Features of the events of most benches. */
export const FEATURES = 20
/** An endpoint's first event has 1 to so many rows, so that a tenth of all later ones is sampled. */
const FIRST_ROWS_MAX = 10
/** First events are that long that only so many are held at once. */
const ENDPOINTS_AT_ONCE = 1_000

const WHEN = '"when":"'
const NO_TIME = '2000-01-01 00:00:00.000000+00:00'

/** Bodies that come again and again, each time with the times that go on from the last. */
export class EventStream {
  readonly bodies: readonly Buffer[]
  /** Where the time stands in each body. */
  readonly #places: readonly number[]
  #nextUs: number

  /** @param startUs  the first event's time, microseconds since 1970 UTC */
  constructor(bodies: readonly Buffer[], startUs: number) {
    this.bodies = bodies
    this.#places = bodies.map((body) => body.indexOf(WHEN) + WHEN.length)
    this.#nextUs = startUs
  }

  /** Time after the last event of this turn. */
  get endUs(): number {
    return this.#nextUs
  }

  /** Writes the next times into the bodies; answers the first one. */
  restamp(): number {
    const startUs = this.#nextUs
    for (const [index, body] of this.bodies.entries()) {
      body.write(timeText(startUs + index * STEP_US), this.#places[index] ?? 0, 'latin1')
    }
    this.#nextUs = startUs + this.bodies.length * STEP_US
    return startUs
  }
}

/** As a serving function writes it, up to its zone: 2026-11-02 08:00:00.000200. */
function timeText(atUs: number): string {
  const text = new Date(Math.floor(atUs / 1000)).toISOString().replace('T', ' ')
  return `${text.slice(0, 23)}${String(atUs % 1000).padStart(3, '0')}`
}

/**
 * Bodies as MLRun's serving pushes them, each different, with numbers of full precision; every tenth
 * endpoint has labels and metrics. Their time is to be filled in (`EventStream`).
 */
export function makeEvents(shape: EventShape): readonly Buffer[] {
  const { count, endpointCount, featureCount } = shape
  const random = seededRandom(count)
  const { endpointOf = () => Math.floor(random() * endpointCount) } = shape
  const { rowsOf = () => 1, number = random } = shape
  return Array.from({ length: count }, (_, index) => {
    const endpoint = endpointOf(index)
    const rows = Array.from({ length: rowsOf(index) }, number)
    const id = `${(index * 2_654_435_761) % 4_294_967_296}-4a2b-9a01-${index}`
    const event = {
      class: 'SklearnModelServer',
      worker: 0,
      model: `model-${endpoint}`,
      version: 'v1',
      host: 'serving-0',
      function_uri: 'bench/serving:v1',
      request: { inputs: rows.map(() => Array.from({ length: featureCount }, number)), id },
      op: 'infer',
      resp: { id, model_name: `model-${endpoint}`, outputs: rows, model_version: 'v1' },
      when: NO_TIME,
      microsec: 500 + Math.floor(random() * 5000),
      ...(endpoint % 10 === 0
        ? { labels: { framework: 'sklearn' }, metrics: { m: random() } }
        : {}),
    }
    return Buffer.from(JSON.stringify(event))
  })
}

/** Events that let all endpoints be met for the first time. */
export function* firstEvents(endpointCount: number, startUs: number): Generator<EventStream> {
  let nextUs = startUs
  for (let from = 0; from < endpointCount; from += ENDPOINTS_AT_ONCE) {
    const bodies = makeEvents({
      count: Math.min(ENDPOINTS_AT_ONCE, endpointCount - from),
      endpointCount,
      featureCount: FEATURES,
      endpointOf: (index) => from + index,
      rowsOf: (index) => 1 + (index % FIRST_ROWS_MAX),
      number: () => 0,
    })
    const stream = new EventStream(bodies, nextUs)
    yield stream
    nextUs = stream.endUs
  }
}
