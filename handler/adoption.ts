import { errorMessage, isOurMistake } from '../lib/stream/errors.ts'
import type { Logs } from '../lib/stream/logs.ts'
import type { Pipeline } from '../lib/stream/pipeline.ts'
import type { Telemetry } from '../lib/stream/telemetry.ts'
import { adoptLog, type OwnedLog } from './open-log.ts'

/** What an adoption works on. */
export interface AdoptionParts {
  readonly spoolPath: string
  readonly logs: Logs
  /** This process's logs, by name; those that are adopted come to them. */
  readonly owned: Map<string, OwnedLog>
  readonly open: (own: OwnedLog) => Promise<Pipeline>
  readonly telemetry: Telemetry
}

/**
 * Looks once for a log whose process is gone, such as after a scale-down, and takes it over: what it has
 * not delivered yet is delivered, and its counts are a part of what is published from now on.
 */
export async function adoptOne(parts: AdoptionParts): Promise<void> {
  const { spoolPath, logs, owned, open, telemetry } = parts
  let found: OwnedLog | null = null
  try {
    found = await adoptLog(spoolPath, new Set(owned.keys()))
    if (found === null) return
    const pipeline = await open(found)
    logs.adopt(pipeline)
    // Slowly, as events come in elsewhere; a rejection is our bug and ends us.
    void pipeline.catchUp({ isUrgent: false })
    owned.set(found.log, found)
    telemetry.logAdopted({ log: found.log })
  } catch (error) {
    if (isOurMistake(error)) throw error
    // Left to whoever comes next, this process included.
    found?.lock.release()
    telemetry.logNotAdopted({ reason: errorMessage(error) })
  }
}
