import { type Found, found, refuse } from './found.ts'

/** A condition on one attribute or label. */
export type LabelFilter =
  | { readonly kind: 'equal' | 'unequal'; readonly name: string; readonly value: string }
  | { readonly kind: 'exists'; readonly name: string }

const CONDITIONS_MAX = 50
const NEXT =
  /\s*(?:exists\s*\(\s*([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(-?\d+(?:\.\d+)?|true|false)(?!\w)))\s*(AND\b|&&|$)/iy

/**
 * A filter as framesd and the web API of V3IO take it, as far as dashboards use it: `a=='x' AND b!="y" AND
 * exists(c)`. An empty text chooses everything.
 */
export function parseFilter(text: string): Found<readonly LabelFilter[]> {
  const filters: LabelFilter[] = []
  if (text.trim() === '') return found(filters)
  NEXT.lastIndex = 0
  for (;;) {
    const match = NEXT.exec(text)
    if (match === null || filters.length === CONDITIONS_MAX) {
      return refuse(
        `The filter cannot be read: wanted conditions such as endpoint_id=='...', != or exists(name), ` +
          `joined by AND, ${CONDITIONS_MAX} at most.`,
      )
    }
    const [, existing, compared = '', operator, single, double, bare, joint] = match
    if (existing !== undefined) filters.push({ kind: 'exists', name: attributeOf(existing) })
    else filters.push(comparison(compared, operator === '==', single ?? double ?? bare ?? ''))
    if (joint === '') return found(filters)
  }
}

/** `name == value`, or `name != value`. */
export function comparison(name: string, isEqual: boolean, value: string): LabelFilter {
  const attribute = attributeOf(name)
  const kind = isEqual ? 'equal' : 'unequal'
  return { kind, name: attribute, value: attribute === ID ? cleanId(value) : value }
}

/** Whether what has these attributes is chosen. */
export function matches(
  filter: LabelFilter,
  attribute: (name: string) => string | number | boolean | undefined,
): boolean {
  const value = attribute(filter.name)
  switch (filter.kind) {
    case 'exists':
      return value !== undefined
    case 'equal':
      return value !== undefined && String(value) === filter.value
    case 'unequal':
      return value === undefined || String(value) !== filter.value
  }
}

/** The endpoint id that all of these ask for; null if they name none. */
export function idAmong(filters: readonly LabelFilter[]): string | null {
  const named = filters.find(({ kind, name }) => kind === 'equal' && name === ID)
  return named?.kind === 'equal' ? named.value : null
}

const ID = 'endpoint_id'

/** Later versions of MLRun call the endpoint's id `uid`. */
export function attributeOf(name: string): string {
  return name === 'uid' ? ID : name
}

/**
 * An endpoint id without what Grafana adds to it: a backslash before what is special in a regular
 * expression, and the byte order mark that the link of the original's dashboard has in it.
 */
export function cleanId(text: string): string {
  return text.replaceAll(/[\\\uFEFF]/g, '').trim()
}
