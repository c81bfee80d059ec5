import { invalid } from './refusal.ts'

/** Where a request goes. */
export interface Target {
  /** Empty for the root, which lists the containers. */
  readonly container: string
  /** Decoded names below the container; none is empty, `.` or `..`, or holds a slash. */
  readonly names: readonly string[]
  /** Whether the path ended in a slash, which makes it a directory. */
  readonly isDirectory: boolean
  /** Undefined when there was no question mark. */
  readonly query: ReadonlyMap<string, string> | undefined
}

/**
 * Takes a request target apart: `/container/name/name?query`, percent-encoded by segment. One more
 * slash before the container is tolerated, because a client of the platform sends it.
 *
 * @throws Refusal 400 for a path that means something else than its sender can have wanted
 */
export function parseTarget(sent: string): Target {
  if (sent.includes('#')) throw invalid('a raw # cuts the path')
  const cut = sent.indexOf('?')
  const path = cut < 0 ? sent : sent.slice(0, cut)
  const query = cut < 0 ? undefined : parseQuery(sent.slice(cut + 1))
  if (!path.startsWith('/')) throw invalid(`path ${path}`)
  const segments = path.replace(/^\/\/?/, '').split('/')
  const isDirectory = segments.at(-1) === ''
  if (isDirectory) segments.pop()
  const [container = '', ...names] = segments.map(decodeSegment)
  if (names[0] === container && container !== '') {
    throw invalid(`the container ${container} stands twice in the path`)
  }
  return { container, names, isDirectory, query }
}

function decodeSegment(segment: string): string {
  let name: string
  try {
    name = decodeURIComponent(segment)
  } catch {
    throw invalid(`${segment} is not percent-encoded UTF-8`)
  }
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw invalid(`segment ${JSON.stringify(segment)} of the path`)
  }
  return name
}

function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(text)) {
    if (query.has(key)) throw invalid(`${key} stands twice in the query`)
    query.set(key, value)
  }
  return query
}
