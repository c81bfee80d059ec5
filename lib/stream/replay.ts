import type { SpoolRecord } from './accept/spool-format.ts'
import type { CrashMarks } from './crash-marks.ts'
import type { Flusher } from './deliver/flusher.ts'
import type { EventLog } from './event-log.ts'
import type { Clock } from './ports.ts'
import type { Telemetry } from './telemetry.ts'

/** Records that are read again in one go: some ten milliseconds. */
const STEP = 2_000

/** What a replay works on. */
export interface ReplayParts {
  readonly spool: EventLog
  readonly marks: CrashMarks
  readonly flusher: Flusher
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly apply: (record: SpoolRecord) => void
  /** Instead, for a record that has ended the process too often. */
  readonly refuse: (record: SpoolRecord) => void
}

/**
 * Reads a log again from an offset on and applies its records.
 *
 * @returns how many there were
 */
export async function replay(firstOffset: number, parts: ReplayParts): Promise<number> {
  const { spool, marks, flusher, clock, telemetry } = parts
  let recordCount = 0
  for (const record of spool.replay((range) => telemetry.spoolDamaged(range), firstOffset)) {
    recordCount++
    if (marks.isPoison(record.offset)) {
      parts.refuse(record)
    } else {
      marks.aboutTo(record.offset)
      parts.apply(record)
    }
    if (flusher.isFull) await flusher.settle()
    if (recordCount % STEP === 0) await takeBreath(clock)
  }
  return recordCount
}

/** Lets timers run, such as the beat by which other hosts see that this log has an owner. */
function takeBreath(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.after(0, resolve)
  })
}
