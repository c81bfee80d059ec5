import { isJsonObject } from '../accept/event.ts'
import { tryParseJson } from '../accept/parse-json.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import type { EndpointMerge } from '../compute/endpoint-merge.ts'
import type { KnownErrors } from '../compute/known-errors.ts'
import type { EndpointUpdate, StoredRecord } from '../ports.ts'
import { versionAttributes } from '../record-version.ts'
import { driftAttributes } from './drift-record.ts'
import { recordAttributes } from './endpoint-record.ts'
import type { LogPlace } from './log-place.ts'

/** What an update is made from. */
export interface UpdateContext {
  readonly merge: EndpointMerge
  readonly nowUs: number
  /** Of functions whose uri names none. */
  readonly project: string
  /** Whether the record says which log has counted how many errors (see knownErrors). */
  readonly tellsErrorsByLog: boolean
  /** The log that it is told from, this owner's epoch, and the newest offset that was applied, -1 for none. */
  readonly log: string
  readonly epoch: number
  readonly place: Readonly<LogPlace>
}

/** The record of an endpoint as it is now, over all logs; what it says is taken note of. */
export function endpointUpdate(
  endpoint: Endpoint,
  { merge, nowUs, project, tellsErrorsByLog, log, epoch, place }: UpdateContext,
): EndpointUpdate {
  const totals = merge.totals(endpoint, merge.streamTimeUs(endpoint, nowUs))
  endpoint.recordedRowCount = endpoint.rowCount
  endpoint.hasRecordCounts = totals.counts.some(({ count }) => count > 0)
  const { endpointId } = endpoint
  const { identity, labels } = merge.newest(endpoint)
  // The newest event may be an error, which has no rows and often no class.
  const { schema } = merge.newest(endpoint, (other) => other.rowCount > 0)
  const classed = merge.newest(endpoint, (other) => other.identity.modelClass !== null)
  const names = schema.namesForRecord
  const { recordedNames } = endpoint
  endpoint.offeredNames = names
  const attributes = recordAttributes({
    endpointId,
    project: projectOf(identity.functionUri) || project,
    functionUri: identity.functionUri,
    model: identity.model,
    modelClass: classed.identity.modelClass ?? '',
    labels,
    ...merge.requests(endpoint),
    errorCount: merge.errorCount(endpoint),
    ...totals,
    generatedFeatures: names.features === recordedNames?.features ? null : names.features,
    generatedLabels: names.labels === recordedNames?.labels ? null : names.labels,
  })
  // It is long, so it is written once, and not with each update.
  const report = endpoint.drift?.offer() ?? null
  for (const [name, attribute] of report === null ? [] : driftAttributes(report)) {
    attributes.set(name, attribute)
  }
  // A timer, or another try, says more at the same offset.
  endpoint.recordVersion = Math.max(endpoint.recordVersion + 1, place.offset)
  for (const [name, attribute] of versionAttributes({
    log,
    epoch,
    version: endpoint.recordVersion,
  })) {
    attributes.set(name, attribute)
  }
  // Also where it is empty: after a crash it may have to become so.
  const errors = tellsErrorsByLog ? Object.fromEntries(merge.errorsByLog(endpoint)) : null
  if (errors !== null) {
    attributes.set(ERRORS_BY_LOG, { type: 'string', value: JSON.stringify(errors) })
  }
  return { endpointId, attributes }
}

/** JSON object: log -> errors that it has counted into `error_count`. */
const ERRORS_BY_LOG = 'stream_error_counts'

/**
 * What a record knows of errors besides those that a log counts itself: a log that is not kept on a disk
 * reads the record again after a crash, with its own errors in it.
 */
export function knownErrors(record: StoredRecord | null, log: string): KnownErrors {
  const all = countOf(record?.get('error_count'))
  const byLog = tryParseJson(String(record?.get(ERRORS_BY_LOG) ?? ''))
  let before = all
  const elsewhere = new Map<string, number>()
  for (const [name, value] of Object.entries(isJsonObject(byLog) ? byLog : {})) {
    const count = countOf(value)
    before -= count
    if (name !== log && count > 0) elsewhere.set(name, count)
  }
  return { before: Math.max(before, 0), elsewhere }
}

function countOf(value: unknown): number {
  const count = Number(value ?? 0)
  return Number.isSafeInteger(count) && count > 0 ? count : 0
}

/** The project under which MLRun registers the endpoints of a function. */
function projectOf(functionUri: string): string {
  return functionUri.slice(0, Math.max(functionUri.indexOf('/'), 0))
}
