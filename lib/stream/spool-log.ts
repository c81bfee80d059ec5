import { Spool, type SpoolOptions } from './accept/spool.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import type { SegmentDisk } from './ports.ts'

/** What a pipeline needs of its log, wherever that is kept. */
export type LogParts = Pick<PipelineParts, 'spool' | 'checkpointDisk' | 'markDisk' | 'isStillOwner'>

/** A log in a folder that this process has for itself: spool, checkpoints and marks lie in it. */
export function spoolLog(disk: SegmentDisk, options: SpoolOptions): LogParts {
  return {
    spool: new Spool(disk, options),
    checkpointDisk: disk,
    markDisk: disk,
    isStillOwner: async () => true,
  }
}
