import { type Answer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { lookupIn } from './expression/apply-update.ts'
import { readCondition } from './expression/evaluate.ts'
import { countField, type Fields, readJsonBody, textField } from './json-body.ts'
import { partOf } from './name-hash.ts'
import { invalid, notFound } from './refusal.ts'
import { parseSelection, selectAttributes } from './select-attributes.ts'
import type { Directory, StoredObject } from './store.ts'
import { systemLookup } from './system-attributes.ts'

/** One page of a scan. */
interface Page {
  readonly found: readonly (readonly [string, StoredObject])[]
  /** The last name that was looked at, when there are more behind it. */
  readonly stoppedAt: string | undefined
}

const FIELDS = {
  required: ['AttributesToGet'],
  optional: [
    'TableName',
    'FilterExpression',
    'Marker',
    'Limit',
    'Segment',
    'TotalSegment',
    'ShardingKey',
    'SortKeyRangeStart',
    'SortKeyRangeEnd',
  ],
}

/**
 * Answers GetItems. A page looks at a bounded number of objects and filters afterwards, so it may
 * come back short or empty without being the last one.
 */
export class Scanner {
  /** For each marker given out, the scans that it continues. */
  readonly #scansOfMarker = new Map<string, Set<string>>()

  /**
   * One page of a table.
   *
   * @throws Refusal 404 for an absent table; 400 for a marker that does not continue this very scan
   */
  getItems(call: Call): Answer {
    const fields = readJsonBody(call.body, call.contentType, FIELDS)
    const selection = parseSelection(textField(fields, 'AttributesToGet') ?? '', true)
    const path = tablePath(call, fields)
    const directory = call.store.directory({ container: call.target.container, names: path })
    if (directory === undefined) throw notFound()
    const scan = JSON.stringify([call.target.container, path, ...settingsOf(fields)])
    const after = this.#positionOf(textField(fields, 'Marker') ?? '', scan)
    const page = readPage(fields, candidates(directory, fields, after), call.pageItemsMax)
    return jsonAnswer({
      LastItemIncluded: page.stoppedAt === undefined ? 'TRUE' : 'FALSE',
      NumItems: page.found.length,
      Items: page.found.map(([name, object]) => selectAttributes(name, object, selection)),
      ...(page.stoppedAt === undefined
        ? {}
        : { NextMarker: this.#markerFor([...path, page.stoppedAt].join('/'), scan) }),
    })
  }

  #markerFor(path: string, scan: string): string {
    const marker = Buffer.from(path).toString('base64')
    const scans = this.#scansOfMarker.get(marker) ?? new Set()
    this.#scansOfMarker.set(marker, scans.add(scan))
    return marker
  }

  #positionOf(marker: string, scan: string): string {
    if (marker === '') return ''
    if (this.#scansOfMarker.get(marker)?.has(scan) !== true) {
      throw invalid('a Marker that was not given out for this scan')
    }
    return Buffer.from(marker, 'base64').toString().replace(/^.*\//s, '')
  }
}

function tablePath({ target }: Call, fields: Fields): readonly string[] {
  const table = textField(fields, 'TableName')?.replace(/\/$/, '') ?? ''
  if (table === '') return target.names
  const names = table.split('/')
  if (names.includes('')) throw invalid(`TableName ${table}`)
  return [...target.names, ...names]
}

/** All that must stay the same from page to page: everything but Marker and Limit. */
function settingsOf(fields: Fields): readonly unknown[] {
  return [...fields]
    .filter(([key]) => key !== 'Marker' && key !== 'Limit')
    .sort(([left], [right]) => (left < right ? -1 : 1))
}

function candidates(
  directory: Directory,
  fields: Fields,
  after: string,
): readonly (readonly [string, StoredObject])[] {
  const belongs = membership(fields)
  return [...directory.objects]
    .filter(([name]) => name > after && belongs(name))
    .sort(([left], [right]) => (left < right ? -1 : 1))
}

function membership(fields: Fields): (name: string) => boolean {
  const segment = countField(fields, 'Segment', 0)
  const total = countField(fields, 'TotalSegment', 1)
  const shardingKey = textField(fields, 'ShardingKey')?.replace(/\.$/, '')
  const start = textField(fields, 'SortKeyRangeStart')
  const end = textField(fields, 'SortKeyRangeEnd')
  const hasRange = start !== undefined || end !== undefined
  if ((segment === undefined) !== (total === undefined)) {
    throw invalid('Segment and TotalSegment go together')
  }
  if (segment !== undefined && total !== undefined && segment >= total) {
    throw invalid(`Segment ${segment} of ${total}`)
  }
  if (hasRange && shardingKey === undefined) throw invalid('a sort range without ShardingKey')
  if (segment !== undefined && (hasRange || shardingKey !== undefined)) {
    throw invalid('a range scan and a parallel scan cannot be combined')
  }
  return (name) => {
    const [first, sortKey] = splitKey(name)
    if (segment !== undefined && total !== undefined) return partOf(first, total) === segment
    if (shardingKey !== undefined && first !== shardingKey) return false
    if (!hasRange) return true
    // The end itself is not included.
    return sortKey !== undefined && sortKey >= (start ?? '') && (end === undefined || sortKey < end)
  }
}

function splitKey(name: string): readonly [string, string | undefined] {
  const dot = name.indexOf('.')
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)]
}

function readPage(
  fields: Fields,
  objects: readonly (readonly [string, StoredObject])[],
  pageItemsMax: number,
): Page {
  const isWanted = readCondition(textField(fields, 'FilterExpression') ?? '')
  const limit = countField(fields, 'Limit', 1) ?? Number.POSITIVE_INFINITY
  const found: (readonly [string, StoredObject])[] = []
  let seenCount = 0
  for (const [name, object] of objects) {
    seenCount++
    if (isWanted(lookupIn(object.attributes, systemLookup(name, object)))) {
      found.push([name, object])
    }
    if ((found.length >= limit || seenCount >= pageItemsMax) && seenCount < objects.length) {
      return { found, stoppedAt: name }
    }
  }
  return { found, stoppedAt: undefined }
}
