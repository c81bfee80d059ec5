import { Spool, type SpoolOptions } from './accept/spool.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import type { SegmentDisk } from './ports.ts'

/** What a pipeline needs of its log, wherever that is kept. */
export type LogParts = Pick<
  PipelineParts,
  'spool' | 'epoch' | 'checkpointDisk' | 'markDisk' | 'isStillOwner'
>

/**
 * A log in a folder that this process has for itself: spool, checkpoints and marks lie in it.
 *
 * @param options  epoch: of this owner of the folder, greater than that of any before
 */
export function spoolLog(
  disk: SegmentDisk,
  { epoch, ...options }: SpoolOptions & { readonly epoch: number },
): LogParts {
  return {
    spool: new Spool(disk, options),
    epoch,
    checkpointDisk: disk,
    markDisk: disk,
    isStillOwner: async () => true,
  }
}
