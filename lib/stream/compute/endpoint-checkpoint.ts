import type { EventSource, JsonObject } from '../accept/event.ts'
import type { Reason } from '../accept/rejection.ts'
import type { DriftState } from '../drift/endpoint-drift.ts'
import type { Identity } from '../ports.ts'
import type { SchemaState } from './endpoint-schema.ts'

/** An endpoint as a checkpoint has it. */
export interface EndpointCheckpoint {
  readonly source: EventSource
  readonly endpointId: string
  readonly identity: Identity
  readonly labels: JsonObject | null
  /** first_request; timestamp and last_request where they are not spelled in the usual way. */
  readonly texts: readonly [string, string, string]
  /** By place in the slab; null is infinity. */
  readonly numbers: readonly (number | null)[]
  readonly rejections: readonly (readonly [Reason, number])[]
  readonly recordDigest: string
  readonly lastRow: readonly [hadCounts: boolean, errorCount: number]
  readonly record: readonly [rowCount: number, hasCounts: boolean]
  readonly schema: SchemaState
  /** Left out where there are none. */
  readonly errorsElsewhere?: readonly (readonly [log: string, count: number])[]
  readonly drift?: DriftState
}
