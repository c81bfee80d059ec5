import { byId, el, redraw, sign } from './dom.ts'
import { countText, minuteText, percentText, wholeText } from './format.ts'
import { type Books, type Ledger, OUTCOMES, type Process } from './pipeline.ts'

/** What is drawn; null for what is not known yet. */
export interface PipelineData {
  readonly ledger: Ledger | null
  readonly process: Process | null
}

/** Draws what became of the events, what the lanes write, and the books. */
export function drawPipeline({ ledger, process }: PipelineData): void {
  const outcomes = [ledger, process].map((books) => [...(books?.outcomes ?? [])])
  redraw(byId('pipeline'), [ledger, process, outcomes], () => {
    const events = eventsPart(ledger, process)
    if (process === null) return [events]
    return [events, lanesPart(process), booksPart(ledger, process)]
  })
}

function part(title: string, note: string, ...children: readonly (Node | null)[]): HTMLElement {
  return el(
    'section',
    { class: 'panel' },
    el('h3', {}, title, el('span', { class: 'minor' }, note)),
    ...children,
  )
}

function eventsPart(ledger: Ledger | null, process: Process | null): HTMLElement {
  const note =
    ledger === null || ledger.toMs === null
      ? ''
      : `${countText(ledger.logCount, 'log')}, to ${minuteText(ledger.toMs)}`
  const shown = OUTCOMES.filter(([name]) => !isQuiet(name, [ledger, process]))
  const rows = [
    bookRow('Received', ledger?.received, process?.received, 'sum'),
    ...shown.map(([name, title]) =>
      bookRow(title, outcome(ledger, name), outcome(process, name), ''),
    ),
    bookRow('Rows accepted', ledger?.rowsAccepted, process?.rowsAccepted, 'sum'),
    bookRow('Rows rejected', ledger?.rowsRejected, process?.rowsRejected, ''),
  ]
  return part(
    'Events',
    note,
    shareBar(ledger ?? process),
    el(
      'table',
      {},
      headOf(['', 'All logs', 'Share', 'This process']),
      el('tbody', {}, ...rows.map((cells) => cells(ledger ?? process))),
    ),
  )
}

/** Always shown: accepted, errors and rejected, which people look for even if there are none. */
function isQuiet(name: string, books: readonly (Books | null)[]): boolean {
  if (['accepted', 'error', 'rejected'].includes(name)) return false
  return books.every((one) => (one?.outcomes.get(name) ?? 0) === 0)
}

function outcome(books: Books | null, name: string): number | undefined {
  if (books === null) return undefined
  return books.outcomes.get(name) ?? 0
}

function bookRow(
  title: string,
  all: number | undefined,
  own: number | undefined,
  kind: string,
): (books: Books | null) => HTMLElement {
  return (books) => {
    const whole = title.startsWith('Rows')
      ? (books?.rowsAccepted ?? 0) + (books?.rowsRejected ?? 0)
      : (books?.received ?? 0)
    const share = all === undefined || whole === 0 ? null : all / whole
    return el(
      'tr',
      { class: kind },
      el('th', { scope: 'row' }, title),
      el('td', { class: 'number' }, wholeText(all ?? null)),
      el('td', { class: 'number minor' }, percentText(share)),
      el('td', { class: 'number' }, wholeText(own ?? null)),
    )
  }
}

function headOf(titles: readonly string[]): HTMLElement {
  const cells = titles.map((title, index) =>
    title === ''
      ? el('td', {})
      : el('th', { scope: 'col', class: index === 0 ? '' : 'number' }, title),
  )
  return el('thead', {}, el('tr', {}, ...cells))
}

/** Parts of what was received, beside each other; the numbers below say the same. */
function shareBar(books: Books | null): HTMLElement | null {
  if (books === null || books.received === 0) return null
  const bar = el('div', { class: 'shares', 'aria-hidden': 'true' })
  for (const [name, title] of OUTCOMES) {
    const count = books.outcomes.get(name) ?? 0
    if (count === 0) continue
    const piece = el('span', { class: `share ${name}`, title: `${title}: ${wholeText(count)}` })
    piece.style.flexGrow = String(count)
    bar.append(piece)
  }
  return bar
}

function lanesPart({ lanes, parquetFiles, store, isCatchingUp, outcomes }: Process): HTMLElement {
  const waiting = lanes.reduce((sum, { pending }) => sum + pending, 0)
  const spooled = outcomes.get('spooled') ?? 0
  const state = isCatchingUp
    ? `Catching up: ${countText(spooled, 'event')} in the spool are read again`
    : waiting === 0
      ? 'Everything is written'
      : 'Waiting rows are written when they are due'
  const head = headOf(['Lane', 'Written', 'Waiting', 'Refused'])
  const rows = lanes.map(({ name, written, pending, refused }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, name),
      el('td', { class: 'number' }, wholeText(written)),
      el('td', { class: 'number' }, wholeText(pending)),
      el('td', { class: refused > 0 ? 'number bad' : 'number' }, ...marked(refused, '◆')),
    ),
  )
  return part(
    'Lanes',
    'this process',
    el('p', { class: 'state' }, sign(isCatchingUp ? '▲' : waiting === 0 ? '✓' : '…'), state),
    el('table', {}, head, el('tbody', {}, ...rows)),
    el(
      'p',
      { class: 'minor' },
      `Store ${store}, ${countText(parquetFiles, 'Parquet file')}. Records and metric rows since the process began, Parquet rows since its log began.`,
    ),
  )
}

/** A count that should be 0, with a sign where it is not. */
function marked(count: number, mark: string): readonly (HTMLElement | string)[] {
  return count === 0 ? ['0'] : [sign(mark), wholeText(count)]
}

function booksPart(ledger: Ledger | null, process: Process): HTMLElement {
  const { unaccounted, late, rejections, log, adopted, deadLetterPath } = process
  const isWhole = unaccounted === 0
  const logs = adopted === 0 ? log : `${log} and ${countText(adopted, 'other')}`
  const facts: readonly (readonly [string, Node | string])[] = [
    ['Dead letters', wholeText(ledger?.letters ?? null)],
    ['Late rows', wholeText(late)],
    ['Dead letters lie in', el('code', {}, deadLetterPath)],
    ['Log', el('code', {}, logs)],
  ]
  return part(
    'Books',
    'this process',
    el(
      'p',
      { class: isWhole ? 'state ok' : 'state bad' },
      sign(isWhole ? '✓' : '◆'),
      isWhole
        ? 'Every row is accounted for'
        : `${countText(unaccounted, 'row')} not accounted for: run "model-monitoring audit"`,
    ),
    rejections.length === 0 ? null : rejectionTable(rejections),
    el('dl', {}, ...facts.flatMap(([name, fact]) => [el('dt', {}, name), el('dd', {}, fact)])),
  )
}

function rejectionTable(rejections: Process['rejections']): HTMLElement {
  const rows = rejections.map(([reason, count]) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, reason),
      el('td', { class: 'number' }, wholeText(count)),
    ),
  )
  return el('table', {}, headOf(['Rejected because of', 'Count']), el('tbody', {}, ...rows))
}
