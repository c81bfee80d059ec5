import { type Answer, xmlAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { invalid, notFound } from './refusal.ts'
import type { Directory, Store, StoredObject } from './store.ts'

const KEYS_MAX = 1000
const PARAMETERS = ['prefix', 'prefix-only', 'prefix-info', 'max-keys', 'marker']

/** One line of a listing. */
interface Line {
  /** Full path inside the container; a directory's ends in a slash. */
  readonly path: string
  readonly entry: StoredObject | Directory
}

/** GET of the root: all containers. */
export function listContainers(store: Store): Answer {
  const buckets = [...store.containers].map(([name, directory]) =>
    element(
      'Bucket',
      element('Name', text(name)),
      element('CreationDate', timeText(directory.createdAt)),
      element('Id', String(directory.inode)),
    ),
  )
  return xmlAnswer(element('ListBucketResult', element('Buckets', ...buckets)))
}

/**
 * GET of a container: what lies directly in one of its directories.
 *
 * @throws Refusal 404 for an absent directory, 400 for an unknown parameter
 */
export function listDirectory({ store, target, pageItemsMax }: Call): Answer {
  const query = target.query ?? new Map<string, string>()
  for (const key of query.keys()) {
    if (!PARAMETERS.includes(key)) throw invalid(`unknown parameter ${key}`)
  }
  const prefix = query.get('prefix') ?? ''
  const marker = query.get('marker') ?? ''
  const names = namesOf(prefix)
  const directory = store.directory({ container: target.container, names })
  if (directory === undefined) throw notFound()
  const withInfo = flag(query, 'prefix-info')
  const keysMax = keyCount(query.get('max-keys'))
  const lines = linesOf(directory, names, flag(query, 'prefix-only')).filter(
    ({ path }) => path > marker,
  )
  const page = lines.slice(0, Math.min(keysMax, pageItemsMax))
  return xmlAnswer(
    element(
      'ListBucketResult',
      element('Name', text(target.container)),
      element('Prefix', text(prefix)),
      element('Marker', text(marker)),
      element('Delimiter', '/'),
      // Filled on the last page too, as on the platform: clients must loop on IsTruncated.
      element('NextMarker', text(page.at(-1)?.path ?? '')),
      element('MaxKeys', String(keysMax)),
      element('IsTruncated', String(page.length < lines.length)),
      ...page.map((line) => lineElement(line, withInfo)),
    ),
  )
}

function namesOf(prefix: string): readonly string[] {
  const path = prefix.replace(/^\//, '').replace(/\/$/, '')
  if (path === '') return []
  const names = path.split('/')
  if (names.includes('')) throw invalid(`prefix ${prefix}`)
  return names
}

function flag(query: ReadonlyMap<string, string>, key: string): boolean {
  const value = query.get(key) ?? '0'
  if (value !== '0' && value !== '1') throw invalid(`${key}=${value}`)
  return value === '1'
}

function keyCount(value: string | undefined): number {
  if (value === undefined) return KEYS_MAX
  if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid(`max-keys=${value}`)
  return Number(value)
}

function linesOf(
  directory: Directory,
  names: readonly string[],
  directoriesOnly: boolean,
): readonly Line[] {
  const before = names.map((name) => `${name}/`).join('')
  const directories = [...directory.directories].map(([name, entry]) => ({
    path: `${before}${name}/`,
    entry,
  }))
  const objects = [...directory.objects].map(([name, entry]) => ({ path: before + name, entry }))
  const lines: readonly Line[] = directoriesOnly ? directories : [...directories, ...objects]
  return lines.toSorted((left, right) => (left.path < right.path ? -1 : 1))
}

function lineElement({ path, entry }: Line, withInfo: boolean): string {
  const modified = element('LastModified', timeText(entry.modifiedAt))
  const isObject = 'data' in entry
  const info = withInfo
    ? [
        element('Mode', isObject ? '0100640' : '040750'),
        element('AccessTime', timeText(entry.modifiedAt)),
        element('CreatingTime', timeText(entry.createdAt)),
        element('GID', '0'),
        element('UID', '0'),
        element('InodeNumber', String(entry.inode)),
      ]
    : []
  if (isObject) {
    const size = element('Size', String(entry.data.length))
    return element('Contents', element('Key', text(path)), size, element('ETag'), modified, ...info)
  }
  return element(
    'CommonPrefixes',
    element('Prefix', text(path)),
    ...(withInfo ? [modified, ...info] : []),
  )
}

function element(name: string, ...content: readonly string[]): string {
  return `<${name}>${content.join('')}</${name}>`
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function timeText(at: bigint): string {
  return new Date(Number(at / 1_000_000n)).toISOString().replace(/\.\d+Z$/, 'Z')
}
