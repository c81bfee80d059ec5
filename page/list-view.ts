import { sparkline } from './charts.ts'
import { byId, el, keepChildren, setAttributes, setText, sign } from './dom.ts'
import {
  type Endpoint,
  filtered,
  isShown,
  longest,
  oddShare,
  type Severity,
  SHOWS,
  type Show,
  type SortKey,
  sorted,
  verdictOf,
} from './endpoints.ts'
import {
  agoText,
  countText,
  fixedText,
  latencyText,
  percentText,
  timeText,
  wholeText,
  windowText,
} from './format.ts'
import type { Point } from './geometry.ts'
import { formatHash, type PageState, parseHash } from './hash-state.ts'
import type { SeriesByName } from './series.ts'

/** What the list shows. */
export interface ListData {
  readonly endpoints: readonly Endpoint[]
  readonly series: SeriesByName
  readonly span: { readonly fromMs: number; readonly toMs: number }
  readonly nowMs: number
}

/** Rows that are shown at first, and more at each time; each has two drawings. */
const ROWS_AT_ONCE = 50

/** Signs that tell severities apart without colours. */
export const SIGNS: Readonly<Record<Severity, string>> = {
  bad: '◆',
  warn: '▲',
  ok: '✓',
  none: '·',
}

interface Column {
  readonly key: SortKey
  readonly title: string
  /** Of a number: right, and the greatest first when it is sorted by it. */
  readonly isNumber: boolean
}

const COLUMNS: readonly Column[] = [
  { key: 'model', title: 'Endpoint', isNumber: false },
  { key: 'drift', title: 'Drift', isNumber: true },
  { key: 'rate', title: 'Predictions/s', isNumber: true },
  { key: 'predictions', title: 'Predictions', isNumber: true },
  { key: 'latency', title: 'Latency ms', isNumber: true },
  { key: 'errors', title: 'Errors', isNumber: true },
  { key: 'quality', title: 'Bad values', isNumber: true },
  { key: 'last', title: 'Last request', isNumber: true },
]

const SHOW_WORDS: Readonly<Record<Show, string>> = {
  all: 'All',
  drift: 'Drifting',
  errors: 'With errors',
}

interface RowParts {
  readonly element: HTMLTableRowElement
  update(endpoint: Endpoint, data: ListData): void
}

/** The table of endpoints with its filter. */
export class ListView {
  readonly #body = el('tbody', { role: 'rowgroup' })
  readonly #rows = new Map<string, RowParts>()
  readonly #headers: readonly { readonly column: Column; readonly th: HTMLElement }[]
  readonly #shows: readonly { readonly show: Show; readonly button: HTMLElement }[]
  readonly #more = el('button', { type: 'button', class: 'more', hidden: true })
  readonly #go: (state: PageState, how: 'new' | 'same') => void
  #rowsMax = ROWS_AT_ONCE
  #state: PageState = parseHash('')
  #data: ListData | null = null

  /** @param go  goes to another state, as a new page of the history or in place of this one */
  constructor(go: (state: PageState, how: 'new' | 'same') => void) {
    this.#go = go
    this.#headers = COLUMNS.map((column) => ({ column, th: this.#header(column) }))
    const head = el('tr', { role: 'row' }, ...this.#headers.map(({ th }) => th))
    byId('endpoints').append(
      el('caption', { class: 'unseen' }, 'Endpoints'),
      el('thead', { role: 'rowgroup' }, head),
      this.#body,
    )
    this.#shows = SHOWS.map((show) => {
      const button = el('button', { type: 'button', class: 'choice' })
      button.addEventListener('click', () => go({ ...this.#state, show }, 'same'))
      return { show, button }
    })
    byId('shows').append(...this.#shows.map(({ button }) => button))
    byId('filter').addEventListener('input', (event) => {
      if (event.target instanceof HTMLInputElement) {
        go({ ...this.#state, text: event.target.value }, 'same')
      }
    })
    this.#more.addEventListener('click', () => {
      this.#rowsMax += ROWS_AT_ONCE
      this.#draw()
    })
    byId('endpoints-more').append(this.#more)
  }

  /** Ids of the rows that are drawn, in their order. */
  get drawnIds(): readonly string[] {
    return [...this.#body.children].map((row) => (row as HTMLElement).dataset['id'] ?? '')
  }

  /** Draws data. */
  update(data: ListData): void {
    this.#data = data
    this.#draw()
  }

  /** Draws another filter or order. */
  show(state: PageState): void {
    const isOther = state.text !== this.#state.text || state.show !== this.#state.show
    this.#state = state
    const input = byId('filter')
    if (input instanceof HTMLInputElement && input.value !== state.text) input.value = state.text
    if (isOther) this.#rowsMax = ROWS_AT_ONCE
    this.#draw()
  }

  #header(column: Column): HTMLElement {
    const { key, title, isNumber } = column
    const button = el('button', { type: 'button' }, title, sign(''))
    button.addEventListener('click', () => {
      const { sort, isDescending } = this.#state
      const turned = sort === key ? !isDescending : isNumber
      this.#go({ ...this.#state, sort: key, isDescending: turned }, 'same')
    })
    const kind = key === 'drift' || !isNumber ? '' : 'number'
    return el('th', { scope: 'col', role: 'columnheader', class: kind }, button)
  }

  #draw(): void {
    const data = this.#data
    this.#drawChoices()
    if (data === null) return
    const { text, show, sort, isDescending } = this.#state
    const found = filtered(data.endpoints, { text, show })
    const order = sorted(found, { key: sort, isDescending })
    const drawn = order.slice(0, this.#rowsMax)
    keepChildren(this.#body, drawn, {
      known: this.#rows,
      keyOf: ({ id }) => id,
      make: (endpoint) => this.#makeRow(endpoint),
    })
    for (const endpoint of drawn) this.#rows.get(endpoint.id)?.update(endpoint, data)
    const left = order.length - drawn.length
    this.#more.hidden = left === 0
    setText(this.#more, `Show ${Math.min(left, ROWS_AT_ONCE)} more of ${wholeText(left)}`)
    const isAny = data.endpoints.length > 0
    byId('endpoints').hidden = order.length === 0
    byId('no-match').hidden = !isAny || order.length > 0
    byId('no-endpoints').hidden = isAny
    byId('tools').hidden = !isAny
    const count = countText(order.length, 'endpoint')
    const isPart = order.length < data.endpoints.length
    setText(
      byId('found'),
      isPart
        ? `${wholeText(order.length)} of ${countText(data.endpoints.length, 'endpoint')}`
        : count,
    )
  }

  #drawChoices(): void {
    const { show: chosen, sort, isDescending } = this.#state
    for (const { show, button } of this.#shows) {
      const count = this.#data?.endpoints.filter((one) => isShown(one, show)).length ?? 0
      setText(button, `${SHOW_WORDS[show]} ${wholeText(count)}`)
      setAttributes(button, { 'aria-pressed': String(show === chosen) })
    }
    for (const { column, th } of this.#headers) {
      const isSorted = column.key === sort
      setAttributes(th, {
        'aria-sort': isSorted ? (isDescending ? 'descending' : 'ascending') : null,
      })
      const arrow = th.querySelector('.sign')
      if (arrow !== null) setText(arrow, isSorted ? (isDescending ? '↓' : '↑') : '')
    }
    this.#drawWindows()
  }

  /** The windows belong to the settings: records say which ones there are. */
  #drawWindows(): void {
    const [first] = this.#data?.endpoints ?? []
    for (const { column, th } of this.#headers) {
      const windows = column.key === 'predictions' ? first?.predictions : first?.latencies
      if (column.key !== 'predictions' && column.key !== 'latency') continue
      const window = longest(windows ?? [])?.window
      const text = th.querySelector('button')?.firstChild
      const title = window === undefined ? column.title : `${column.title}, ${windowText(window)}`
      if (text instanceof Text && text.data !== title) text.data = title
    }
  }

  #makeRow({ id }: Endpoint): RowParts {
    const link = el('a', {})
    const uri = el('span', { class: 'minor' })
    const verdict = el('span', { class: 'verdict' })
    const measure = el('span', { class: 'minor' })
    const [rate, count, latency, errors, quality] = ['', '', '', '', ''].map(() => el('span'))
    const [rateLine, latencyLine] = [
      el('span', { class: 'line-of' }),
      el('span', { class: 'line-of' }),
    ]
    const last = el('time')
    const cell = (
      title: string,
      kind: string,
      ...children: readonly (Node | undefined)[]
    ): HTMLElement =>
      el(
        'td',
        { role: 'cell', class: kind, 'data-title': title },
        ...children.map((child) => child ?? null),
      )
    const row = el(
      'tr',
      { role: 'row', 'data-id': id },
      el('th', { scope: 'row', role: 'rowheader' }, link, uri),
      cell('Drift', 'drift', verdict, measure),
      cell('Predictions/s', 'number', rateLine, rate),
      cell('Predictions', 'number', count),
      cell('Latency ms', 'number', latencyLine, latency),
      cell('Errors', 'number', errors),
      cell('Bad values', 'number', quality),
      cell('Last request', 'number last', last),
    )
    row.addEventListener('click', (event) => {
      // Texts can be selected, and links and keys go their own way.
      const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
      const isText = (getSelection()?.toString() ?? '') !== ''
      if (event.target instanceof Element && event.target.closest('a') !== null) return
      if (isPlain && !isText) this.#go({ ...this.#state, endpoint: id }, 'new')
    })
    let drawn: readonly unknown[] = []
    return {
      element: row,
      update: (endpoint, { series, span, nowMs }) => {
        setText(link, endpoint.model === '' ? endpoint.id : endpoint.model)
        setAttributes(link, { href: formatHash({ ...this.#state, endpoint: id }) })
        setText(uri, endpoint.functionUri === '' ? endpoint.project : endpoint.functionUri)
        drawVerdict(verdict, endpoint)
        setText(measure, measureText(endpoint))
        changed(rate, fixedText(endpoint.rate, 3))
        changed(count, wholeText(longest(endpoint.predictions)?.value ?? null))
        changed(latency, latencyText(longest(endpoint.latencies)?.value ?? null))
        changed(errors, wholeText(endpoint.errors))
        changed(quality, percentText(oddShare(endpoint.drift)))
        setText(last, agoText(endpoint.lastRequestMs, nowMs))
        setAttributes(last, {
          title: timeText(endpoint.lastRequestMs),
          datetime:
            endpoint.lastRequestMs === null ? null : new Date(endpoint.lastRequestMs).toJSON(),
        })
        const own = series.get(id)
        const name = `latency_avg_${longest(endpoint.latencies)?.window ?? ''}`
        const lines = [own?.get('predictions_per_second'), own?.get(name), span.toMs]
        if (lines.every((line, index) => line === drawn[index]) && drawn.length > 0) return
        drawn = lines
        drawLine(rateLine, own?.get('predictions_per_second') ?? [], span)
        drawLine(latencyLine, own?.get(name) ?? [], span)
      },
    }
  }
}

function drawLine(place: Element, points: readonly Point[], span: ListData['span']): void {
  place.replaceChildren(sparkline(points, span))
}

/** Draws a verdict's sign and words. */
export function drawVerdict(place: HTMLElement, { drift }: Pick<Endpoint, 'drift'>): void {
  const { severity, words } = verdictOf(drift)
  if (place.dataset['words'] === words) return
  place.dataset['words'] = words
  place.className = `verdict ${severity}`
  place.replaceChildren(sign(SIGNS[severity]), words)
}

function measureText({ drift }: Endpoint): string {
  if (drift === null || drift.measure === null) return ''
  return `distance ${fixedText(drift.measure, 2)}`
}

/** A number that is another now shows it for a moment. */
function changed(element: Element | undefined, text: string): void {
  if (element === undefined) return
  const isFirst = element.textContent === ''
  if (!setText(element, text) || isFirst) return
  element.classList.remove('changed')
  // Asking for its place makes the browser begin the animation anew.
  void (element as HTMLElement).offsetWidth
  element.classList.add('changed')
}
