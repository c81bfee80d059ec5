/** The status page: reads the function's REST API and draws it. */
import { ask } from './ask.ts'
import { DetailView, figureOf, rangeMs } from './detail-view.ts'
import { byId, redraw, setText } from './dom.ts'
import { type Endpoint, endpointsOf, isShown } from './endpoints.ts'
import { type Feature, featuresOf } from './features.ts'
import { type Feed, Feeds } from './feeds.ts'
import { isRow, type Row, rowsOf } from './fields.ts'
import { countText, fixedText, minuteText, NONE, wholeText } from './format.ts'
import { formatHash, type PageState, parseHash } from './hash-state.ts'
import { ListView } from './list-view.ts'
import { type Ledger, ledgerOf, type Process, processOf } from './pipeline.ts'
import { drawPipeline } from './pipeline-view.ts'
import { type SeriesByName, seriesOf, spanOf } from './series.ts'
import { StandingView } from './standing-view.ts'
import { applyTheme, watchTheme } from './theme.ts'

const OFTEN_MS = 3_000
const SOMETIMES_MS = 15_000
const TICK_MS = 5_000
const HOUR_MS = 3_600_000
/** Points of a line: more than a drawing has room for are of no use. */
const SPARK_POINTS = 48
const CHART_POINTS = 150

/** Rows of one endpoint. */
interface Own {
  readonly rows: readonly Row[]
  readonly drift: readonly Row[]
}

class Page {
  readonly #feeds: Feeds
  readonly #list: ListView
  readonly #detail: DetailView
  #state: PageState
  #rows: readonly Row[] | null = null
  #driftRows: readonly Row[] = []
  #endpoints: readonly Endpoint[] = []
  /** Of the endpoint that is open; null while it is not known whether there is one. */
  #own: Own | null = null
  #lines: SeriesByName = new Map()
  #ledger: Ledger | null = null
  #process: Process | null = null
  #featureRows: readonly Row[] | null = null
  #binRows: readonly Row[] | null = null
  #features: readonly Feature[] | null = null
  #charts = new Map<string, SeriesByName>()

  constructor() {
    this.#state = parseHash(location.hash)
    this.#list = new ListView((state, how) => this.#go(state, how))
    this.#detail = new DetailView(this.#state, (state) => this.#go(state, 'same'))
    const standing = new StandingView(() => this.#feeds.refresh({ isAll: true }))
    this.#feeds = new Feeds({
      ask,
      nowMs: () => Date.now(),
      after: (ms, work) => {
        const timer = setTimeout(work, ms)
        return () => clearTimeout(timer)
      },
      onStanding: (one) => standing.show(one),
    })
    addEventListener('hashchange', () => this.#read())
    document.addEventListener('visibilitychange', () => this.#look())
    byId('clear').addEventListener('click', () => {
      this.#go({ ...this.#state, text: '', show: 'all' }, 'same')
      byId('filter').focus()
    })
    // The address is the page's state, so a link into the page cannot be one of the browser's.
    byId('skip').addEventListener('click', (event) => {
      event.preventDefault()
      byId('main').focus()
    })
    setText(byId('example'), exampleOf(location.origin))
    setText(byId('where'), location.host)
  }

  start(): void {
    this.#open()
    this.#look()
    // How long ago something was changes while nothing else does.
    setInterval(() => {
      if (!document.hidden) this.#draw()
    }, TICK_MS)
  }

  #look(): void {
    if (document.hidden) this.#feeds.pause()
    else this.#feeds.resume()
  }

  /** Goes to a state: a new page of the history, or this one as another. */
  #go(state: PageState, how: 'new' | 'same'): void {
    const hash = formatHash(state)
    if (how === 'new') location.hash = hash
    else {
      history.replaceState(null, '', hash)
      this.#read()
    }
  }

  #read(): void {
    const before = this.#state
    this.#state = parseHash(location.hash)
    const isOther = before.endpoint !== this.#state.endpoint
    if (isOther) this.#open()
    else this.#show()
    // Another range, or other rows, want other lines.
    if (!isOther) this.#feeds.refresh()
    if (isOther) {
      scrollTo(0, 0)
      byId(this.#state.endpoint === '' ? 'list-title' : 'detail-title').focus()
    }
  }

  #open(): void {
    const { endpoint } = this.#state
    this.#own = this.#listed(endpoint)
    this.#featureRows = null
    this.#binRows = null
    this.#features = null
    this.#charts = new Map()
    byId('list').hidden = endpoint !== ''
    byId('detail').hidden = endpoint === ''
    this.#show()
    this.#feeds.show(endpoint === '' ? this.#listFeeds() : this.#detailFeeds(endpoint))
  }

  /** What the list knows of an endpoint is shown until more is. */
  #listed(id: string): Own | null {
    const [rows, drift] = [this.#rows ?? [], this.#driftRows].map((all) =>
      all.filter((row) => row['endpoint_id'] === id),
    )
    return rows?.length ? { rows, drift: drift ?? [] } : null
  }

  #show(): void {
    this.#list.show(this.#state)
    this.#detail.show(this.#state)
    this.#draw()
  }

  #listFeeds(): readonly Feed[] {
    return [
      feed('api/endpoints', OFTEN_MS, (json) => {
        this.#rows = rowsOf(json)
      }),
      feed('status', OFTEN_MS, (json) => {
        this.#process = processOf(isRow(json) ? json : {})
      }),
      feed('api/drift', SOMETIMES_MS, (json) => {
        this.#driftRows = rowsOf(json)
      }),
      feed('api/ledger?newest=1&whole=1', SOMETIMES_MS, (json) => {
        // A function that is new has told of no minute yet.
        const rows = rowsOf(json)
        this.#ledger = rows.length === 0 ? null : ledgerOf(rows)
      }),
      {
        path: () => this.#linesPath(),
        everyMs: SOMETIMES_MS,
        take: (json: unknown) => {
          this.#lines = seriesOf(rowsOf(json))
        },
      },
    ].map((one) => this.#drawn(one))
  }

  #detailFeeds(id: string): readonly Feed[] {
    const of = `endpoint_id=${encodeURIComponent(id)}`
    const ifThere = (path: string) => () => (this.#endpoint === undefined ? null : path)
    const chart = (recordType: string): Feed => ({
      path: () => this.#chartPath(of, recordType),
      everyMs: recordType === 'base_metrics' ? OFTEN_MS : SOMETIMES_MS,
      take: (json: unknown) => {
        this.#charts.set(recordType, seriesOf(rowsOf(json)))
      },
    })
    return [
      feed(`api/endpoints?${of}`, OFTEN_MS, (json) => {
        this.#own = { rows: rowsOf(json), drift: this.#own?.drift ?? this.#driftRows }
      }),
      {
        path: ifThere(`api/drift?${of}`),
        everyMs: SOMETIMES_MS,
        take: (json: unknown) => {
          this.#own = { rows: this.#own?.rows ?? [], drift: rowsOf(json) }
        },
      },
      chart('base_metrics'),
      {
        path: ifThere(`api/features?${of}`),
        everyMs: SOMETIMES_MS,
        take: (json: unknown) => {
          this.#featureRows = rowsOf(json)
          this.#join()
        },
      },
      {
        path: ifThere(`api/histograms?${of}`),
        everyMs: SOMETIMES_MS,
        take: (json: unknown) => {
          this.#binRows = rowsOf(json)
          this.#join()
        },
      },
      chart('drift_measures'),
      chart('data_quality'),
    ].map((one) => this.#drawn(one))
  }

  #join(): void {
    if (this.#featureRows === null || this.#binRows === null) return
    this.#features = featuresOf(this.#featureRows, this.#binRows)
  }

  #drawn(one: Feed): Feed {
    const take = (json: unknown): void => {
      one.take(json)
      this.#draw()
    }
    return { path: () => one.path(), everyMs: one.everyMs, take }
  }

  get #endpoint(): Endpoint | undefined {
    if (this.#own === null) return undefined
    const [endpoint] = endpointsOf(this.#own.rows, this.#own.drift)
    return endpoint
  }

  /** Of the rows that are drawn: the rate and the latency of an hour. */
  #linesPath(): string | null {
    const ids = this.#list.drawnIds.filter((id) => !id.includes(','))
    if (ids.length === 0) return null
    const { fromMs, toMs } = this.#listSpan()
    const which = `endpoint_ids=${encodeURIComponent(ids.join(','))}&record_type=base_metrics`
    return `api/series?${which}&from_ms=${fromMs}&to_ms=${toMs}&max_points=${SPARK_POINTS}`
  }

  #chartPath(of: string, recordType: string): string | null {
    if (this.#endpoint === undefined) return null
    const { fromMs, toMs } = this.#detailSpan()
    const which = `${of}&record_type=${recordType}&from_ms=${fromMs}&to_ms=${toMs}`
    return `api/series?${which}&max_points=${CHART_POINTS}`
  }

  #listSpan(): ReturnType<typeof spanOf> {
    const times = this.#endpoints.map(({ lastRequestMs }) => lastRequestMs ?? 0)
    const newestMs = times.reduce((newest, atMs) => Math.max(newest, atMs), 0)
    const newest = newestMs === 0 ? null : newestMs
    return spanOf(newest, { nowMs: Date.now(), lengthMs: HOUR_MS })
  }

  #detailSpan(): ReturnType<typeof spanOf> {
    const lengthMs = rangeMs(this.#state.range)
    return spanOf(this.#endpoint?.lastRequestMs ?? null, { nowMs: Date.now(), lengthMs })
  }

  #draw(): void {
    if (this.#state.endpoint !== '') {
      this.#drawDetail(this.#own === null ? null : this.#endpoint)
    } else if (this.#rows !== null) {
      this.#endpoints = endpointsOf(this.#rows, this.#driftRows)
      this.#drawList()
    }
  }

  #drawList(): void {
    document.title = 'Model monitoring'
    const span = this.#listSpan()
    this.#list.update({
      endpoints: this.#endpoints,
      series: this.#lines,
      span,
      nowMs: Date.now(),
    })
    const end = span.isPast ? `to ${minuteText(span.toMs)}` : 'to now'
    setText(byId('list-span'), `Lines: one hour ${end}`)
    this.#drawFigures()
    drawPipeline({ ledger: this.#ledger, process: this.#process })
  }

  #drawFigures(): void {
    const all = this.#endpoints
    const rate = sumOf(all.map((endpoint) => endpoint.rate))
    const errors = sumOf(all.map((endpoint) => endpoint.errors))
    const alarms = sumOf(all.map(({ drift }) => drift?.alarms ?? null))
    const drifting = all.filter((endpoint) => isShown(endpoint, 'drift')).length
    const process = this.#process
    const books = this.#ledger ?? process
    const figures: readonly (readonly [string, string, string])[] = [
      ['Endpoints', wholeText(all.length), ''],
      ['Predictions', fixedText(rate, 2), '/s'],
      ['Errors', wholeText(errors), ''],
      ['Drifting', wholeText(drifting), alarms ? `by ${countText(alarms, 'feature')}` : ''],
      ['Events', wholeText(books?.received ?? null), 'received'],
      ['Rejected', wholeText(books?.outcomes.get('rejected') ?? null), ''],
      [
        'Unaccounted',
        process === null ? NONE : wholeText(process.unaccounted),
        'rows, this process',
      ],
    ]
    redraw(byId('figures'), figures, () => figures.map((figure) => figureOf(...figure)))
  }

  #drawDetail(endpoint: Endpoint | null | undefined): void {
    const name = endpoint?.model ?? this.#state.endpoint
    document.title = `${name === '' ? this.#state.endpoint : name} · Model monitoring`
    this.#detail.update({
      endpoint,
      features: this.#features,
      series: merged([...this.#charts.values()]),
      span: this.#detailSpan(),
      nowMs: Date.now(),
    })
  }
}

function feed(path: string, everyMs: number, take: (json: unknown) => void): Feed {
  return { path: () => path, everyMs, take }
}

/** Null for a sum of nothing. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

function merged(parts: readonly SeriesByName[]): SeriesByName {
  const all = new Map<string, Map<string, readonly { atMs: number; value: number }[]>>()
  for (const part of parts) {
    for (const [id, metrics] of part) {
      all.set(id, new Map([...(all.get(id) ?? []), ...metrics]))
    }
  }
  return all
}

/** A command that sends an event which makes an endpoint. */
function exampleOf(origin: string): string {
  const event = {
    function_uri: 'my-project/my-function',
    model: 'my-model',
    version: 'v1',
    when: new Date().toISOString(),
    microsec: 1200,
    op: 'infer',
    request: { id: '1', inputs: [[5.1, 3.5]] },
    resp: { outputs: [0] },
  }
  return `curl ${origin}/ --data '${JSON.stringify(event)}'`
}

applyTheme()
document.addEventListener('DOMContentLoaded', () => {
  watchTheme()
  new Page().start()
})
