import { badAnswer, type JsonObject, parseAnswer, readObjects } from './answer-json.ts'
import { decodeItem, type Item } from './attributes.ts'
import { checkExpression } from './expressions.ts'
import type { HttpTransport } from './http-transport.ts'
import { V3ioError } from './v3io-error.ts'
import { checkWhole, functionCall, sendExpecting } from './web-api.ts'

/** Attributes by name; `user`: all but the system's; `all`: those too. */
export type AttributeNames = readonly string[] | 'user' | 'all'

/** What a scan reads. */
export interface Scan {
  /** Default `user`, to which the platform adds `__name` in a scan. */
  readonly names?: AttributeNames
  /** A condition; items for which it is false are left out. 8 KB at most. */
  readonly filter?: string
  /** Items of a page at most, > 0. Default: the server decides. */
  readonly pageItems?: number
  /** Only items whose key is this up to its first dot. */
  readonly shardingKey?: string
  /** Only items whose key after its first dot is this or greater. */
  readonly sortKeyStart?: string
  /** Only items whose key after its first dot is less than this. */
  readonly sortKeyEnd?: string
  /** One of `count` parts of the table, 0 <= index < count. Not together with keys. */
  readonly segment?: { readonly index: number; readonly count: number }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Names as the web API takes them.
 *
 * @throws V3ioError `invalid-argument` for no names, and what is no name
 */
export function attributesToGet(names: AttributeNames): string {
  if (names === 'user') return '*'
  if (names === 'all') return '**'
  const stranger = names.find((name) => !NAME.test(name))
  if (names.length > 0 && stranger === undefined) return names.join(',')
  const what = stranger === undefined ? 'no names' : `the name ${JSON.stringify(stranger)}`
  throw new V3ioError('invalid-argument', `Attributes cannot be read: given ${what}`)
}

/** The body of the first request of a scan; @throws V3ioError `invalid-argument` */
export function scanBody(scan: Scan): JsonObject {
  const { filter, pageItems, shardingKey, sortKeyStart, sortKeyEnd, segment } = scan
  const hasKeys = [shardingKey, sortKeyStart, sortKeyEnd].some((key) => key !== undefined)
  if (segment !== undefined && hasKeys) {
    throw new V3ioError('invalid-argument', 'A scan of a segment cannot be bounded by keys')
  }
  // JSON leaves out what is undefined.
  return {
    AttributesToGet: attributesToGet(scan.names ?? 'user'),
    FilterExpression: filter === undefined ? undefined : checkExpression(filter),
    Limit: pageItems === undefined ? undefined : checkWhole('pageItems', pageItems, { min: 1 }),
    ShardingKey: shardingKey,
    SortKeyRangeStart: sortKeyStart,
    SortKeyRangeEnd: sortKeyEnd,
    ...(segment === undefined ? {} : segmentBody(segment)),
  }
}

function segmentBody({ index, count }: { readonly index: number; readonly count: number }) {
  const max = checkWhole('segment.count', count, { min: 1 }) - 1
  return { Segment: checkWhole('segment.index', index, { min: 0, max }), TotalSegment: count }
}

/**
 * The pages of a scan, empty ones too. A table that does not exist has none.
 *
 * @param path  of the table, with its slash
 */
export async function* scanPages(
  transport: HttpTransport,
  path: string,
  body: JsonObject,
): AsyncGenerator<readonly Item[], void, undefined> {
  let marker: string | null = null
  do {
    const sent: JsonObject = marker === null ? body : { ...body, Marker: marker }
    const json = JSON.stringify(sent)
    const call = functionCall({
      name: 'GetItems',
      method: 'PUT',
      path,
      body: json,
      isRepeatable: true,
    })
    const answer = await sendExpecting(transport, call, [404])
    if (answer.status === 404) return
    const page = parseAnswer(answer.body)
    yield readObjects(page, 'Items').map(decodeItem)
    marker = markerAfter(page, marker)
  } while (marker !== null)
}

/** Where the next page begins, or null after the last one. */
function markerAfter(page: JsonObject, sent: string | null): string | null {
  const isLast = page['LastItemIncluded']
  const marker = page['NextMarker']
  if (isLast === 'TRUE' || isLast === true) return null
  if (marker === undefined || marker === '') {
    if (isLast === undefined) return null
    // To stop here would be to pass over items.
    throw badAnswer('a page is not the last one, and does not say where the next one begins')
  }
  if (typeof marker !== 'string') throw badAnswer('NextMarker is not a text')
  if (marker === sent) throw badAnswer('a page leads back to itself')
  return marker
}
