import { errorMessage } from './errors.ts'
import type { EventLog } from './event-log.ts'
import type { Telemetry } from './telemetry.ts'

/** Makes what was spooled survive a power cut; what fails is told of, and tried again by the next call. */
export async function syncSpool({
  spool,
  telemetry,
}: {
  readonly spool: Pick<EventLog, 'syncLater'>
  readonly telemetry: Telemetry
}): Promise<void> {
  try {
    await spool.syncLater()
    telemetry.spoolSynced()
  } catch (error) {
    telemetry.spoolNotSynced({ reason: errorMessage(error) })
  }
}
