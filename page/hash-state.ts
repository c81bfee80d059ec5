import { SHOWS, type Show, SORT_KEYS, type SortKey } from './endpoints.ts'

/** How far back the charts of an endpoint go. */
export type Range = '1h' | '6h' | '24h'
export const RANGES: readonly Range[] = ['1h', '6h', '24h']

/** How the features of an endpoint are ordered. */
export type FeatureOrder = 'drift' | 'name'

/** What the page shows, as its address has it. */
export interface PageState {
  /** Id of the endpoint that is open; '' for the list. */
  readonly endpoint: string
  readonly text: string
  readonly show: Show
  readonly sort: SortKey
  readonly isDescending: boolean
  readonly range: Range
  readonly order: FeatureOrder
}

/** Of an address that says nothing. What asks for attention comes first. */
export const START: PageState = {
  endpoint: '',
  text: '',
  show: 'all',
  sort: 'drift',
  isDescending: true,
  range: '1h',
  order: 'drift',
}

/** Reads the part of an address from # on; what is unknown there counts as not given. */
export function parseHash(hash: string): PageState {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const sort = given.get('sort') ?? ''
  const key = SORT_KEYS.find((one) => one === sort.replace(/^-/, ''))
  return {
    endpoint: given.get('endpoint') ?? '',
    text: given.get('q') ?? '',
    show: SHOWS.find((one) => one === given.get('show')) ?? START.show,
    sort: key ?? START.sort,
    isDescending: key === undefined ? START.isDescending : sort.startsWith('-'),
    range: RANGES.find((one) => one === given.get('range')) ?? START.range,
    order: given.get('order') === 'name' ? 'name' : START.order,
  }
}

/** The address of a state: only what is not as at the start. */
export function formatHash(state: PageState): string {
  const { endpoint, text, show, sort, isDescending, range, order } = state
  const given = new URLSearchParams()
  if (endpoint !== '') given.set('endpoint', endpoint)
  if (text !== '') given.set('q', text)
  if (show !== START.show) given.set('show', show)
  if (sort !== START.sort || isDescending !== START.isDescending) {
    given.set('sort', isDescending ? `-${sort}` : sort)
  }
  if (range !== START.range) given.set('range', range)
  if (order !== START.order) given.set('order', order)
  const query = given.toString()
  return query === '' ? '#' : `#${query}`
}
