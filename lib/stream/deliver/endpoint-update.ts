import type { Endpoint } from '../compute/endpoint.ts'
import type { EndpointMerge } from '../compute/endpoint-merge.ts'
import type { EndpointUpdate } from '../ports.ts'
import { recordAttributes } from './endpoint-record.ts'

/**
 * The record of an endpoint as it is now, over all logs; what it says is taken note of.
 *
 * @param project  of functions whose uri names none
 */
export function endpointUpdate(
  endpoint: Endpoint,
  {
    merge,
    nowUs,
    project,
  }: { readonly merge: EndpointMerge; readonly nowUs: number; readonly project: string },
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
    generatedFeatures: names.features,
    generatedLabels: names.labels,
  })
  return { endpointId, attributes }
}

/** The project under which MLRun registers the endpoints of a function. */
function projectOf(functionUri: string): string {
  return functionUri.slice(0, Math.max(functionUri.indexOf('/'), 0))
}
