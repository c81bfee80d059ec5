import { cleanId, type LabelFilter, parseFilter } from './filters.ts'
import { type Found, found, refuse } from './found.ts'
import { pythonRepr } from './python-repr.ts'

/** What a data source asks for by one text. */
export type Target = ProxyTarget | FramesTarget

/** A function of MLRun's grafana-proxy with its parameters. */
export interface ProxyTarget {
  readonly kind: 'proxy'
  /** With `target_endpoint` among them. */
  readonly parameters: ReadonlyMap<string, string>
}

/** A read of a table, in the grammar of framesd. */
export interface FramesTarget {
  readonly kind: 'frames'
  readonly backend: 'kv' | 'tsdb'
  readonly container: string
  /** Without slashes at either end. */
  readonly table: string
  /** Empty for all. */
  readonly fields: readonly string[]
  readonly filters: readonly LabelFilter[]
}

const TARGET_CHARS_MAX = 16_384
const FIELDS_MAX = 200
const FRAMES_KEYS: ReadonlySet<string> = new Set([
  'backend',
  'container',
  'table',
  'fields',
  'filter',
  'step',
  'query',
])

/**
 * Reads a target: `key=value` parts between semicolons. One that has a `backend` is framesd's. Blanks
 * around keys and values do not count, and a value is all that follows the first `=`.
 *
 * @param given  the request, for the sentences of MLRun that quote it
 */
export function parseTarget(text: string, given: unknown): Found<Target> {
  if (text.trim() === '') return missingTarget(given)
  if (text.length > TARGET_CHARS_MAX) {
    return refuse(`A target must have ${TARGET_CHARS_MAX} characters at most.`)
  }
  const parameters = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    if (at < 0) return refuse(`Expected key=value in the target, found ${pythonRepr(part.trim())}`)
    parameters.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  if (parameters.has('backend')) return framesTarget(parameters)
  const id = parameters.get('endpoint_id')
  if (id !== undefined) parameters.set('endpoint_id', cleanId(id))
  return found({ kind: 'proxy', parameters })
}

/** A request without any target. Source: MLRun 0.6.3, grafana-proxy. */
export function missingTarget(given: unknown): ReturnType<typeof refuse> {
  return refuse(`Target missing in request body:\n ${pythonRepr(given)}`)
}

function framesTarget(parameters: ReadonlyMap<string, string>): Found<Target> {
  const stranger = [...parameters.keys()].find((key) => !FRAMES_KEYS.has(key))
  if (stranger !== undefined) {
    return refuse(`bad request - the field ${pythonRepr(stranger)} is illegal`)
  }
  const backend = parameters.get('backend')
  if (backend !== 'kv' && backend !== 'tsdb') {
    return refuse(`The backend must be kv or tsdb, not ${pythonRepr(backend)}.`)
  }
  if ((parameters.get('query') ?? '') !== '') {
    return refuse('A query is not supported: name a table, fields and a filter.')
  }
  const fields = (parameters.get('fields') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (fields.length > FIELDS_MAX) return refuse(`A target may name ${FIELDS_MAX} fields at most.`)
  const filters = parseFilter(parameters.get('filter') ?? '')
  if (!filters.ok) return filters
  return found({
    kind: 'frames',
    backend,
    container: parameters.get('container') ?? '',
    table: (parameters.get('table') ?? '').replaceAll(/^\/+|\/+$/g, ''),
    fields: fields.includes('*') ? [] : fields,
    filters: filters.value,
  })
}
