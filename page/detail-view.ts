import { type ChartData, lineChart } from './charts.ts'
import { byId, el, redraw, setAttributes, setText, sign } from './dom.ts'
import type { Endpoint } from './endpoints.ts'
import { drawFeatures } from './feature-cards.ts'
import { changeText, type Feature, ordered } from './features.ts'
import {
  agoText,
  countText,
  fixedText,
  latencyText,
  minuteText,
  NONE,
  shortText,
  timeText,
  wholeText,
  windowMs,
  windowText,
} from './format.ts'
import { type FeatureOrder, formatHash, type PageState, RANGES, type Range } from './hash-state.ts'
import { drawVerdict } from './list-view.ts'
import { type SeriesByName, summed } from './series.ts'

/** What is shown of one endpoint; null for what is not known yet. */
export interface DetailData {
  /** Undefined: there is no such endpoint. */
  readonly endpoint: Endpoint | null | undefined
  readonly features: readonly Feature[] | null
  readonly series: SeriesByName
  readonly span: { readonly fromMs: number; readonly toMs: number; readonly isPast: boolean }
  readonly nowMs: number
}

/** Milliseconds of a range. */
export function rangeMs(range: Range): number {
  return windowMs(range)
}

/** One endpoint: its figures, charts and features. */
export class DetailView {
  #state: PageState
  readonly #ranges: readonly { readonly range: Range; readonly button: HTMLElement }[]
  readonly #orders: readonly { readonly order: FeatureOrder; readonly button: HTMLElement }[]
  #drawn: { features: unknown; order: FeatureOrder | null } = { features: null, order: null }

  /** @param go  goes to another state in place of this one */
  constructor(state: PageState, go: (state: PageState) => void) {
    this.#state = state
    this.#ranges = RANGES.map((range) => {
      const button = choice(windowText(range), () => go({ ...this.#state, range }))
      return { range, button }
    })
    byId('ranges').append(...this.#ranges.map(({ button }) => button))
    const words = { drift: 'Most drift', name: 'Name' } as const
    this.#orders = (['drift', 'name'] as const).map((order) => {
      const button = choice(words[order], () => go({ ...this.#state, order }))
      return { order, button }
    })
    byId('orders').append(...this.#orders.map(({ button }) => button))
  }

  /** Draws for a state. */
  show(state: PageState): void {
    this.#state = state
    setAttributes(byId('back'), { href: formatHash({ ...state, endpoint: '' }) })
    for (const { range, button } of this.#ranges) press(button, range === state.range)
    for (const { order, button } of this.#orders) press(button, order === state.order)
  }

  /** Draws data. */
  update(data: DetailData): void {
    const { endpoint, features, span } = data
    const isKnown = endpoint !== undefined && endpoint !== null
    byId('detail-body').hidden = !isKnown
    byId('no-endpoint').hidden = endpoint !== undefined
    if (!isKnown) {
      setText(byId('detail-title'), endpoint === undefined ? 'No such endpoint' : 'Loading')
      return
    }
    this.#drawHead(endpoint, data.nowMs)
    this.#drawAlarms(endpoint, features ?? [])
    const charts = chartsOf(data, endpoint)
    redraw(byId('charts'), charts, () => charts.map(lineChart))
    setText(byId('span'), span.isPast ? `to ${minuteText(span.toMs)}` : 'to now, times in UTC')
    this.#drawFeatures(endpoint, features)
  }

  #drawHead(endpoint: Endpoint, nowMs: number): void {
    const { model, id, functionUri, modelClass, project, labels, drift } = endpoint
    setText(byId('detail-title'), model === '' ? id : model)
    drawVerdict(byId('detail-verdict'), endpoint)
    const facts: readonly (readonly [string, string])[] = [
      ['Project', project],
      ['Function', functionUri],
      ['Class', modelClass],
      ['Labels', labels.join(', ')],
      ['Endpoint', id],
      ['First request', timeText(endpoint.firstRequestMs)],
      [
        'Last request',
        `${timeText(endpoint.lastRequestMs)}, ${agoText(endpoint.lastRequestMs, nowMs)}`,
      ],
    ]
    redraw(byId('detail-facts'), facts, () =>
      facts
        .filter(([, fact]) => fact !== '')
        .map(([name, fact]) => el('div', {}, el('dt', {}, name), el('dd', {}, fact))),
    )
    const figures: (readonly [string, string, string])[] = [
      ['Predictions', fixedText(endpoint.rate, 3), '/s'],
      ...endpoint.predictions.map(
        ({ window, value }) =>
          [`Predictions, ${windowText(window)}`, wholeText(value), ''] as const,
      ),
      ...endpoint.latencies.map(
        ({ window, value }) =>
          [
            `Latency, ${windowText(window)}`,
            latencyText(value),
            value === null ? '' : 'ms',
          ] as const,
      ),
      ['Errors', wholeText(endpoint.errors), ''],
      ['Drift, mean distance', fixedText(drift?.measure ?? null, 2), ''],
    ]
    redraw(byId('detail-figures'), figures, () => figures.map((figure) => figureOf(...figure)))
  }

  #drawAlarms({ drift }: Endpoint, features: readonly Feature[]): void {
    const changed = ordered(features, 'drift').filter((one) => one.changedSinceMs !== null)
    const place = byId('alarms')
    place.hidden = changed.length === 0
    const since = Math.min(...changed.map((one) => one.changedSinceMs ?? 0))
    const words = changed.map((one) => [one.name, changeText(one)] as const)
    const title = `${countText(changed.length, 'feature')} changed since ${minuteText(since)}`
    const rows = drift?.rows ?? null
    const of = rows === null ? '' : `, by the ${countText(rows, 'row')} of the last window`
    redraw(place, [title, of, words], () => [
      el('p', {}, sign('▲'), el('strong', {}, title), of),
      el('ul', {}, ...words.map(([name, how]) => el('li', {}, el('strong', {}, name), ` ${how}`))),
    ])
  }

  #drawFeatures(endpoint: Endpoint, features: readonly Feature[] | null): void {
    const { order } = this.#state
    const hasNone = features !== null && features.length === 0
    byId('no-training').hidden = !hasNone
    byId('feature-tools').hidden = features === null || hasNone
    byId('feature-details').hidden = features === null || hasNone
    const end = endpoint.drift?.windowEndMs ?? null
    const rows = endpoint.drift?.rows ?? null
    const of = rows === null ? '' : `, ${countText(rows, 'row')} to ${minuteText(end)}`
    setText(byId('feature-count'), `${countText(features?.length ?? 0, 'feature')}${of}`)
    if (this.#drawn.features === features && this.#drawn.order === order) return
    this.#drawn = { features, order }
    drawFeatures(features ?? [], order)
  }
}

function choice(words: string, work: () => void): HTMLElement {
  const button = el('button', { type: 'button', class: 'choice' }, words)
  button.addEventListener('click', work)
  return button
}

function press(button: HTMLElement, isPressed: boolean): void {
  setAttributes(button, { 'aria-pressed': String(isPressed) })
}

/** A figure of the strip: what it is, the number, its unit. */
export function figureOf(name: string, value: string, unit: string): HTMLElement {
  const shown = value === NONE ? '' : unit
  return el(
    'div',
    { class: 'figure' },
    el('dt', {}, name),
    el('dd', {}, value, shown === '' ? null : el('span', { class: 'unit' }, ` ${shown}`)),
  )
}

function chartsOf({ series, span }: DetailData, { id, latencies }: Endpoint): readonly ChartData[] {
  const own = series.get(id)
  const points = (metric: string) => own?.get(metric) ?? []
  const line = (metric: string, name: string) => ({ name, points: points(metric) })
  const { fromMs, toMs } = span
  const odd = ['missing', 'wrong_type', 'out_of_range', 'unseen'].map(points)
  return [
    {
      title: 'Predictions',
      unit: '/s',
      lines: [line('predictions_per_second', 'rate')],
      textOf: (value) => fixedText(value, 2),
      fromMs,
      toMs,
    },
    {
      title: 'Latency',
      unit: 'ms',
      lines: latencies.map(({ window }) => line(`latency_avg_${window}`, windowText(window))),
      textOf: (value) => fixedText(value / 1000, 2),
      fromMs,
      toMs,
    },
    {
      title: 'Errors so far',
      unit: '',
      lines: [line('error_count', 'errors')],
      textOf: (value) => wholeText(value),
      fromMs,
      toMs,
    },
    {
      title: 'Drift',
      unit: '',
      lines: [line('tvd_mean', 'TVD'), line('hellinger_mean', 'Hellinger')],
      textOf: (value) => fixedText(value, 2),
      fromMs,
      toMs,
    },
    {
      title: 'Bad values',
      unit: '/min',
      lines: [{ name: 'bad values', points: summed(odd) }],
      textOf: (value) => shortText(value),
      fromMs,
      toMs,
    },
  ]
}
