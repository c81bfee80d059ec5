import assert from 'node:assert'
import { streamSettings } from '../../handler/stream-settings.ts'
import { parseConfig } from '../../lib/config/parse.ts'
import type { Endpoint } from '../../lib/stream/compute/endpoint.ts'
import { EndpointTable } from '../../lib/stream/compute/endpoint-table.ts'

/** A table with so many endpoints that have had no event. */
export function testEndpoints(count: number): {
  readonly table: EndpointTable<never>
  readonly endpoints: readonly Endpoint[]
} {
  const table = new EndpointTable<never>(streamSettings(parseConfig({})))
  const endpoints = Array.from({ length: count }, (_, index) => {
    const endpointId = `endpoint-${index}`
    const source = { functionUri: 'p/f', model: endpointId, version: '', endpointId }
    const lead = table.addLead(source, [endpointId])
    assert(lead !== null)
    return table.register(lead, { endpointId, model: endpointId })
  })
  return { table, endpoints }
}
