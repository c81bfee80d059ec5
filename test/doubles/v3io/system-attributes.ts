import { fromTyped, type Maybe } from './expression/value.ts'
import type { StoredObject } from './store.ts'
import type { Attributes, TypedAttribute } from './typed-attribute.ts'

const NANOSECONDS = 1_000_000_000n

/** The attributes that the platform itself gives to an object of this name. */
export function systemAttributes(name: string, object: StoredObject): Attributes {
  const times = { ctime: object.createdAt, mtime: object.modifiedAt, atime: object.modifiedAt }
  const attributes = new Map<string, TypedAttribute>([
    ['__name', { S: name }],
    ['__size', { N: String(object.data.length) }],
    // A regular file that its group may read: 0100640 octal.
    ['__mode', { N: '33184' }],
    ['__uid', { N: '0' }],
    ['__gid', { N: '0' }],
    ['__obj_type', { N: '0' }],
    ['__collection_id', { N: '1' }],
    ['__inode_number', { N: String(object.inode) }],
  ])
  for (const [time, at] of Object.entries(times)) {
    attributes.set(`__${time}_secs`, { N: String(at / NANOSECONDS) })
    attributes.set(`__${time}_nsecs`, { N: String(at % NANOSECONDS) })
  }
  return attributes
}

/** Finds system attributes for an expression; none of an object that does not exist. */
export function systemLookup(
  name: string,
  object: StoredObject | undefined,
): (attribute: string) => Maybe {
  if (object === undefined) return () => undefined
  const attributes = systemAttributes(name, object)
  return (attribute) => {
    const typed = attributes.get(attribute)
    return typed === undefined ? undefined : fromTyped(typed)
  }
}

/** The header that names an object's last write, and is a condition on it. */
export function verifierOf({ modifiedAt }: StoredObject): Readonly<Record<string, string>> {
  const seconds = modifiedAt / NANOSECONDS
  const nanoseconds = modifiedAt % NANOSECONDS
  return {
    'X-v3io-transaction-verifier': `__mtime_secs==${seconds} and __mtime_nsecs==${nanoseconds}`,
  }
}
