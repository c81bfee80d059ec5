import { type Answer, emptyAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { invalid, notEmpty, notFound, outOfRange } from './refusal.ts'
import { lastName, parentOf, type StoredObject } from './store.ts'

/**
 * PUT without a function: writes an object, appends to one (`Range: -1`), or makes a directory.
 *
 * @throws Refusal
 */
export function putObject(call: Call): Answer {
  const { store, target, body, range } = call
  if (target.isDirectory) {
    if (body.length > 0) throw invalid('a body for a directory')
    store.makeDirectory(target)
    return emptyAnswer(200)
  }
  if (range !== undefined && range !== '-1') throw invalid(`Range ${range} of a PUT`)
  const before = range === undefined ? undefined : store.object(target)
  store.write(target, { data: before === undefined ? body : Buffer.concat([before.data, body]) })
  return emptyAnswer(200)
}

/**
 * GET of an object or of a part of it.
 *
 * @throws Refusal 404 when there is none, 416 for a part behind its end
 */
export function getObject({ store, target, range }: Call): Answer {
  if (target.isDirectory) throw invalid('an object path must not end in a slash')
  const object = store.object(target)
  if (object === undefined) throw notFound()
  const headers = headersOf(object)
  if (range === undefined) return { status: 200, headers, body: object.data }
  const { first, last } = parseRange(range, object.data.length)
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${first}-${last}/${object.data.length}` },
    body: object.data.subarray(first, last + 1),
  }
}

/**
 * HEAD of an object, or of a directory with or without its slash.
 *
 * @throws Refusal 404
 */
export function headObject({ store, target }: Call): Answer {
  const object = target.isDirectory ? undefined : store.object(target)
  if (object !== undefined) return { status: 200, headers: headersOf(object), body: object.data }
  if (store.directory(target) === undefined) throw notFound()
  return emptyAnswer(200)
}

/**
 * DELETE of an object or item, or of an empty directory, whose path ends in a slash.
 *
 * @throws Refusal 404 when there is none, 409 for a directory that is not empty
 */
export function deleteObject({ store, target }: Call): Answer {
  const parent = store.directory(parentOf(target))
  const name = lastName(target)
  if (!target.isDirectory) {
    if (parent?.objects.delete(name) !== true) throw notFound()
    return emptyAnswer(204)
  }
  const directory = parent?.directories.get(name)
  if (parent === undefined || directory === undefined) throw notFound()
  if (directory.objects.size + directory.directories.size > 0) throw notEmpty()
  parent.directories.delete(name)
  return emptyAnswer(204)
}

function headersOf({ modifiedAt }: StoredObject): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'application/octet-stream',
    'Last-Modified': new Date(Number(modifiedAt / 1_000_000n)).toUTCString(),
    ETag: `"${modifiedAt % 1_000_000_000n}"`,
  }
}

function parseRange(range: string, length: number): { first: number; last: number } {
  // `bytes=5` without a dash means "to the end" too: a client sends it.
  const match = /^bytes=(\d+)(?:-(\d*))?$/.exec(range)
  if (match === null) throw invalid(`Range ${range}`)
  const first = Number(match[1])
  const last = match[2] ? Number(match[2]) : length - 1
  if (match[2] && last < first) throw invalid(`Range ${range}`)
  if (first >= length) throw outOfRange()
  return { first, last: Math.min(last, length - 1) }
}
