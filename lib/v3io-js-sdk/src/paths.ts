import { V3ioError } from './v3io-error.ts'

/** Where a table, a stream or a directory lies. */
export interface Location {
  /** Such as `projects`. */
  readonly container: string
  /** Inside the container; slashes at either end do not matter. */
  readonly path: string
}

/**
 * The URL path of an object: `/container/part/part`, every part percent-encoded. Letters, digits and
 * `_.-~` stay as they are, everything else is encoded, because a raw `#` or `?` would cut the path.
 *
 * @throws V3ioError `invalid-argument` for a part that is empty, `.` or `..`, or is no Unicode text
 */
export function objectPath(container: string, path: string): string {
  return encodeParts([container, ...path.replace(/^\/+|\/+$/g, '').split('/')])
}

/** The URL path of a container, without a slash at its end; @throws V3ioError `invalid-argument` */
export function containerPath(container: string): string {
  return encodeParts([container])
}

/** The same for a directory: with a slash at its end; an empty path is the container itself. */
export function directoryPath({ container, path }: Location): string {
  const parts = path.split('/').filter((part) => part !== '')
  return `${encodeParts([container, ...parts])}/`
}

/** The URL path of an item: its key is one part, whatever it holds, and must not hold a slash. @throws as above */
export function itemPath(directory: string, key: string): string {
  return directory + encodePart(key)
}

function encodeParts(parts: readonly string[]): string {
  return `/${parts.map((part) => encodePart(part)).join('/')}`
}

function encodePart(part: string): string {
  if (/^[\w.~-]*$/.test(part)) {
    if (part !== '' && part !== '.' && part !== '..') return part
  } else if (!part.includes('/') && part.isWellFormed()) {
    return encodeURIComponent(part).replace(/[!'()*]/g, encodeSign)
  }
  throw new V3ioError(
    'invalid-argument',
    `${JSON.stringify(part)} cannot be a part of a path: wanted text without a slash, not empty, "." or ".."`,
  )
}

function encodeSign(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`
}
