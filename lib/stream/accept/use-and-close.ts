import type { SegmentFile } from '../ports.ts'

/** Closes the file whatever happens; when both fail, the use's error is thrown. */
export function useAndClose(file: SegmentFile, use: () => void): void {
  try {
    use()
  } catch (error) {
    try {
      file.close()
    } catch {
      // Of less interest than what failed before it.
    }
    throw error
  }
  file.close()
}
