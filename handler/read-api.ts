import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type NuclioEvent, readHeader } from 'nuclio-sdk-ts'
import { functionChoices, parameterChoices, tagKeys, tagValues } from '../lib/read/choices.ts'
import {
  answerAnnotations,
  answerQuery,
  answerSearch,
  answerVariable,
} from '../lib/read/data-source.ts'
import { type Found, found } from '../lib/read/found.ts'
import { metricsText, NOT_FOR_METRICS } from '../lib/read/prometheus.ts'
import { REST_ROUTES } from '../lib/read/rest.ts'
import type { ReadSources } from '../lib/read/sources.ts'
import { isNestedAtMost, parseBody } from '../lib/stream/accept/parse-json.ts'
import { StreamError } from '../lib/stream/errors.ts'
import type { LedgerEntry } from '../lib/stream/ports.ts'
import {
  answerJson,
  answerPage,
  answerRefusal,
  answerText,
  type StatusPage,
} from './read-answer.ts'
import { permissionOf, type ReadAccess } from './who-may-read.ts'

/** Where MLRun's API has its grafana-proxy: data sources of Grafana add their paths to it. */
export const PROXY_BASE = '/api/grafana-proxy/model-endpoints'

const BODY_BYTES_MAX = 1024 * 1024
const DEPTH_MAX = 32
const READ_MS_MAX = 10_000
/** Reads that go on after their time was up keep their place. */
const READS_AT_ONCE_MAX = 8
const LEDGER_MS = 30_000
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const NO_KEY = "Request header missing 'X-V3io-Session-Key' parameter."
const RETRY = { 'Retry-After': '5' }

/** What `GET /` says to programs; browsers get the status page. */
const PATHS = `Model monitoring stream.

GET  /               this list; in a browser the status page
GET  /healthz        ok, when the function takes events
GET  /status         events, rows and writes so far, by endpoint
GET  /metrics        endpoints and events for Prometheus
GET  /api/projects   names of projects
GET  /api/endpoints  the endpoints: project, endpoint_id, model, function_uri
GET  /api/features   features of an endpoint, as expected and as they are: endpoint_id
GET  /api/histograms bins of the features, as expected and as they are: endpoint_id
GET  /api/drift      drift of the endpoints: project, endpoint_id, model, function_uri
GET  /api/series     metrics: project, endpoint_id, endpoint_ids, record_type, metric, from_ms, to_ms, limit,
                     max_points
GET  /api/records    the endpoint records as they are stored
GET  /api/ledger     what each log has counted: log, endpoint_id, to_minute, newest, whole
GET  /api/claims     which rows the Parquet files of a log have: log
POST /               takes a serving event
POST /api/register   takes a training set's profile, as "model-monitoring register" sends it

${PROXY_BASE} is the URL for JSON data sources of Grafana.
`

type ProxyRoute = (body: unknown, sources: ReadSources) => Promise<Found<readonly unknown[]>>

const PROXY_ROUTES: ReadonlyMap<string, ProxyRoute> = new Map<string, ProxyRoute>([
  ['/query', answerQuery],
  ['/search', answerSearch],
  ['/annotations', answerAnnotations],
  ['/metrics', async () => found(functionChoices())],
  ['/metric-payload-options', parameterChoices],
  ['/variable', answerVariable],
  ['/tag-keys', async () => found(tagKeys())],
  ['/tag-values', tagValues],
])

/** What the read API works with. */
export interface ReadApiParts {
  readonly access: ReadAccess
  readonly sources: Omit<ReadSources, 'nowMs'>
  readonly nowMs: () => number
  /** What the process says of itself, for /status and /metrics. */
  readonly status: () => object & Parameters<typeof metricsText>[0]['status']
  /** The status page, which is loaded when it is asked for. */
  readonly page: () => StatusPage
  /** One read, ms. Default 10,000. */
  readonly readMsMax?: number
  /** A store could not be read, or not in time. */
  readonly onTrouble: (reason: string) => void
}

/**
 * Answers everything that is read over HTTP, from the stores. Who has no right to read is told so before
 * anything of the request is looked at.
 */
export class ReadApi {
  readonly #parts: ReadApiParts
  #readCount = 0
  #ledger: { readonly atMs: number; readonly entries: readonly LedgerEntry[] } | null = null

  constructor(parts: ReadApiParts) {
    this.#parts = parts
  }

  /** Whether a request that is no GET asks for something, and brings nothing. */
  static isRead({ path }: NuclioEvent): boolean {
    return path === PROXY_BASE || path.startsWith(`${PROXY_BASE}/`)
  }

  /** Null for a request that may read; else what it is told. */
  refusalOf(event: NuclioEvent): Answer | null {
    const permission = permissionOf(event, this.#parts.access)
    if (permission === 'granted') return null
    // MLRun's clients know this one as a bad request.
    if (permission === 'no-key' && ReadApi.isRead(event)) {
      return answerRefusal({ status: 400, message: NO_KEY })
    }
    const message =
      permission === 'no-key'
        ? 'A key is needed to read: as the header X-V3io-Session-Key or as a bearer token.'
        : 'The key of the request is not one that may read here.'
    return answerRefusal({ status: 401, message, headers: { 'WWW-Authenticate': 'Bearer' } })
  }

  /** Answers a GET or HEAD, or a request for which `isRead` is true. */
  async answer(given: NuclioEvent): Promise<Answer> {
    // The server leaves out the body, and says how long it is.
    const event = given.method === 'HEAD' ? { ...given, method: 'GET' } : given
    const { path, method } = event
    if (method === 'GET' && path === '/healthz') return answerText('ok')
    if (method === 'GET' && path === '/') return this.#front(event)
    const refusal = this.refusalOf(event)
    if (refusal !== null) return refusal
    const { onTrouble } = this.#parts
    if (this.#readCount >= READS_AT_ONCE_MAX) {
      onTrouble(`${READS_AT_ONCE_MAX} reads are under way`)
      return unavailable('Too much is being read at present: try again in a moment.')
    }
    try {
      return await this.#inTime(ReadApi.isRead(event) ? this.#proxy(event) : this.#get(event))
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      // Its message may name hosts and tables: it is for the log alone.
      onTrouble(error.message)
      return unavailable('The store cannot be read at present: the log of the function says why.')
    }
  }

  /** The answer, or that it takes too long; the read then goes on and is counted until it ends. */
  async #inTime(reading: Promise<Answer>): Promise<Answer> {
    this.#readCount++
    const counted = reading.finally(() => {
      this.#readCount--
    })
    const ended = new AbortController()
    const { readMsMax = READ_MS_MAX } = this.#parts
    const late = wait(readMsMax, null, { signal: ended.signal, ref: false }).catch(() => null)
    try {
      const answer = await Promise.race([counted, late])
      if (answer !== null) return answer
    } finally {
      ended.abort()
    }
    // Nobody waits for it any more; that it fails is told as any trouble.
    counted.catch((error: unknown) => this.#parts.onTrouble(String(error)))
    this.#parts.onTrouble(`a read took longer than ${readMsMax} ms`)
    return unavailable('That takes too long: ask for a shorter range or for fewer endpoints.')
  }

  /**
   * Of a browser, the status page. It is the same for everybody and has nothing of the stores in it: what it
   * shows it reads with the key that is typed into it, so it may be had without one.
   */
  #front(event: NuclioEvent): Answer {
    const isBrowser = readHeader(event, 'Accept')?.includes('text/html') ?? false
    return isBrowser
      ? answerPage(this.#parts.page(), readHeader(event, 'If-None-Match'))
      : answerText(PATHS)
  }

  async #get({ path, fields }: NuclioEvent): Promise<Answer> {
    if (path === '/status') return answerJson(this.#parts.status())
    if (path === '/metrics') return answerText(await this.#metrics(), METRICS_TYPE)
    const route = path.startsWith('/api/') ? REST_ROUTES.get(path.slice('/api/'.length)) : undefined
    if (route === undefined) return nothingThere()
    return answerFound(await route(fields ?? {}, this.#sources()))
  }

  async #proxy(event: NuclioEvent): Promise<Answer> {
    const { method } = event
    const path = event.path.slice(PROXY_BASE.length)
    // Grafana tests a data source so, with or without the slash.
    if (method === 'GET' && (path === '' || path === '/')) return answerText('')
    const route = method === 'POST' ? PROXY_ROUTES.get(path) : undefined
    if (route === undefined) return nothingThere()
    const body = bodyOf(event)
    if ('answer' in body) return body.answer
    return answerFound(await route(body.value, this.#sources()))
  }

  async #metrics(): Promise<string> {
    const { sources, status } = this.#parts
    const [records, ledger] = await Promise.all([
      sources.reader.endpoints({ without: NOT_FOR_METRICS }),
      this.#newestLedger(),
    ])
    const { project } = sources
    return metricsText({ records, project, ledger, status: status() })
  }

  /** It changes once a minute. */
  async #newestLedger(): Promise<readonly LedgerEntry[]> {
    const { sources, nowMs } = this.#parts
    const atMs = nowMs()
    const known = this.#ledger
    if (known !== null && Math.abs(atMs - known.atMs) < LEDGER_MS) return known.entries
    const entries = await sources.reader.ledger({ endpointId: '', isNewest: true })
    this.#ledger = { atMs, entries }
    return entries
  }

  #sources(): ReadSources {
    return { ...this.#parts.sources, nowMs: this.#parts.nowMs() }
  }
}

/** The JSON of a body, or what is wrong with it. */
function bodyOf({ body }: NuclioEvent): { readonly value: unknown } | { readonly answer: Answer } {
  if (body.length > BODY_BYTES_MAX) {
    const message = `The body must have ${BODY_BYTES_MAX} bytes at most.`
    return { answer: answerRefusal({ status: 413, message }) }
  }
  if (body.length === 0) return { value: {} }
  const parsed = parseBody(body)
  if (parsed.ok && isNestedAtMost(parsed.value, DEPTH_MAX)) return { value: parsed.value }
  const isDeep = parsed.ok || parsed.reason === 'too-deep'
  const message = isDeep ? 'The body is nested too deeply.' : 'The body is no JSON.'
  return { answer: answerRefusal({ status: 400, message }) }
}

function answerFound(answer: Found<readonly unknown[]>): Answer {
  return answer.ok ? answerJson(answer.value) : answerRefusal(answer.refusal)
}

/** Without the path: it may be anything. */
function nothingThere(): Answer {
  return answerRefusal({
    status: 404,
    message: 'There is nothing here: GET / lists what there is.',
  })
}

function unavailable(message: string): Answer {
  return answerRefusal({ status: 503, message, headers: RETRY })
}
