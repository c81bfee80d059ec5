import type { LogEndpoints } from './compute/endpoint-merge.ts'
import type { EventLog } from './event-log.ts'
import type { Clock, LineFile, ParquetSink, SegmentDisk, Store } from './ports.ts'
import type { StreamSettings } from './stream-settings.ts'
import type { Telemetry } from './telemetry.ts'

/** What a pipeline is made of. */
export interface PipelineParts {
  /** Name of the log: that of its spool. */
  readonly log: string
  /** Endpoints of all logs of the process; those of this one come to it when it was read. */
  readonly tables: LogEndpoints[]
  readonly settings: StreamSettings
  /** Where its events are kept: a spool, or the stream itself. */
  readonly spool: EventLog
  /** Of this owner of the log; each one that takes it over has a greater one. */
  readonly epoch: number
  readonly checkpointDisk: SegmentDisk
  /** Remembers records that have ended the process. */
  readonly markDisk: SegmentDisk
  readonly deadLetterFile: LineFile
  /** What that file holds already. */
  readonly deadLetterLines: Iterable<string>
  readonly store: Pick<Store, 'kv' | 'tsdb' | 'claims' | 'ledger' | 'records'>
  readonly parquet: ParquetSink
  /** See FlusherParts. */
  readonly isStillOwner: () => Promise<boolean>
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
}
