import { writeSync } from 'node:fs'

/** Writes the first `count` bytes at the file's position; a disk may take a part at a time. */
export function writeAll(file: number, bytes: Uint8Array, count: number): void {
  let written = 0
  while (written < count) written += writeSync(file, bytes, written, count - written)
}

/** The same at a place of the file, which must not be open for appending. */
export function writeAllAt(file: number, bytes: Uint8Array, count: number, at: number): void {
  let written = 0
  while (written < count) {
    written += writeSync(file, bytes, written, count - written, at + written)
  }
}
