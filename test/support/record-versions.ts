import { STREAM_EPOCH, STREAM_LOG, STREAM_VERSION } from '../../lib/stream/record-version.ts'

/** Attributes of a record that say who wrote it: no two runs have them in common. */
export const VERSION_NAMES: readonly string[] = [STREAM_LOG, STREAM_EPOCH, STREAM_VERSION]

/** A record without them; fails where one of them is missing. */
export function withoutVersion<T>(record: ReadonlyMap<string, T> | undefined): Map<string, T> {
  const rest = new Map(record)
  for (const name of VERSION_NAMES) {
    if (!rest.delete(name)) throw new Error(`the record has no ${name}`)
  }
  return rest
}

/** The same of a record as a plain object. */
export function objectWithoutVersion(record: object): Record<string, unknown> {
  return Object.fromEntries(withoutVersion(new Map(Object.entries(record))))
}
