import { DeadLetters } from './accept/dead-letters.ts'
import type { ReadCheckpoint } from './checkpoint-format.ts'
import { Checkpoints } from './checkpoints.ts'
import { type ClaimedRange, ClaimedRanges } from './deliver/claimed-ranges.ts'
import { refusedKey } from './deliver/refused-prediction.ts'
import type { PipelineParts } from './pipeline-parts.ts'

/** What a process finds of a log besides its spool. */
export interface Inheritance {
  readonly claimed: ClaimedRanges
  readonly deadLetters: DeadLetters
  /** What the log begins with; null for the first record of all. */
  readonly checkpoint: ReadCheckpoint | null
}

/**
 * Reads what earlier owners of a log left in the store and on the disk.
 *
 * @throws StreamError `store-unavailable`, `path-unusable`
 */
export async function readInheritance({
  log,
  store,
  parquet,
  checkpointDisk,
  deadLetterFile,
  deadLetterLines,
  telemetry,
}: PipelineParts): Promise<Inheritance> {
  const deadLetters = new DeadLetters(deadLetterFile, log, deadLetterLines)
  const checkpoint = Checkpoints.read(checkpointDisk, (name) => {
    telemetry.checkpointDamaged({ keptAs: `${name}.damaged` })
  })
  const beginning = checkpoint?.header.offset ?? -1
  const ranges: ClaimedRange[] = []
  for (const claim of await store.claims.list(log)) {
    const isRefused = deadLetters.wasRefused('parquet', refusedKey(claim, 0))
    // What lies before the beginning is delivered, so that a start need not look at every file there ever was.
    const isBefore = claim.lastOffset <= beginning
    const isWritten = isBefore ? !isRefused : await parquet.has(claim)
    ranges.push({ claim, state: isWritten ? 'written' : isRefused ? 'refused' : 'promised' })
  }
  return { claimed: new ClaimedRanges(ranges), deadLetters, checkpoint }
}
