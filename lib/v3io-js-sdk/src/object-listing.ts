import { badAnswer } from './answer-json.ts'
import {
  childCount,
  childrenOf,
  childText,
  childTime,
  parseListXml,
  type XmlElement,
} from './list-xml.ts'

/** What lies in a directory. */
export interface ListEntry {
  readonly kind: 'object' | 'directory'
  /** Inside the container, from its root; without a slash at its end. */
  readonly path: string
  /** Bytes; of directories only with `withInfo`. */
  readonly sizeBytes?: number
  readonly modifiedAt?: Date
}

/** One answer to a listing. */
export interface ListPage {
  readonly entries: readonly ListEntry[]
  /** Where to go on, or null at the end. */
  readonly nextMarker: string | null
}

/** A container of the platform. */
export interface ContainerInfo {
  readonly name: string
  readonly id: number | null
  readonly createdAt: Date | null
}

/** Reads a listing's answer; @throws V3ioError `bad-answer` */
export function readListPage(body: Buffer): ListPage {
  const root = resultOf(body)
  const entries = [
    ...childrenOf(root, 'CommonPrefixes').map((element) => entryOf('directory', element)),
    ...childrenOf(root, 'Contents').map((element) => entryOf('object', element)),
  ]
  // A marker is there even on the last page.
  if (childText(root, 'IsTruncated')?.trim() !== 'true') return { entries, nextMarker: null }
  const nextMarker = childText(root, 'NextMarker')
  if (nextMarker === null || nextMarker === '') {
    throw badAnswer('a listing is cut off, and does not say where to go on')
  }
  return { entries, nextMarker }
}

/** Reads the list of containers; @throws V3ioError `bad-answer` */
export function readContainers(body: Buffer): readonly ContainerInfo[] {
  const lists = childrenOf(resultOf(body), 'Buckets')
  return lists
    .flatMap((list) => childrenOf(list, 'Bucket'))
    .map((bucket) => ({
      name: required(bucket, 'Name'),
      id: childCount(bucket, 'Id'),
      createdAt: childTime(bucket, 'CreationDate'),
    }))
}

function resultOf(body: Buffer): XmlElement {
  const root = parseListXml(body.toString('utf8'))
  // Lists of containers are said to have either name.
  if (/^List(?:AllMy)?Bucket(?:s)?Result$/.test(root.name)) return root
  throw badAnswer(`${root.name} is not a listing`)
}

function entryOf(kind: ListEntry['kind'], element: XmlElement): ListEntry {
  const path = required(element, kind === 'object' ? 'Key' : 'Prefix').replace(/^\/|\/$/g, '')
  const sizeBytes = childCount(element, 'Size')
  const modifiedAt = childTime(element, 'LastModified')
  return {
    kind,
    path,
    ...(sizeBytes === null ? {} : { sizeBytes }),
    ...(modifiedAt === null ? {} : { modifiedAt }),
  }
}

function required(element: XmlElement, name: string): string {
  const text = childText(element, name)
  if (text === null || text === '') throw badAnswer(`${element.name} has no ${name}`)
  return text
}
