import type { SegmentDisk } from '../ports.ts'
import { crc32 } from './crc32.ts'

/** Bytes that were no whole frame and now lie in a file of their own. */
export interface DamagedRange {
  readonly segment: string
  readonly start: number
  readonly bytes: number
  readonly keptAs: string
  /** Whether an earlier start has met the same damage and kept it. */
  readonly wasKeptBefore: boolean
}

/** Told of damage after it was kept aside. */
export type OnDamage = (range: DamagedRange) => void

/**
 * Keeps damaged bytes of a segment aside, in a file that is named after them.
 *
 * @throws  the disk's error
 */
export function setAside(
  disk: SegmentDisk,
  { segment, start, bytes }: { segment: string; start: number; bytes: Uint8Array },
): DamagedRange {
  const sum = crc32(bytes).toString(16).padStart(8, '0')
  const keptAs = `${segment}.damaged-${start}-${bytes.length}-${sum}`
  const wasKeptBefore = !disk.keepAside(keptAs, bytes)
  return { segment, start, bytes: bytes.length, keptAs, wasKeptBefore }
}
