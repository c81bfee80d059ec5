import type { Attribute } from '../lib/stream/ports.ts'
import { sourcesOf } from './events.ts'
import type { Scenario } from './scenario.ts'
import { attributesBefore } from './training.ts'

/** Projects of the events; the second is that of a second log's own endpoints. */
export const PROJECTS = ['p', 'q'] as const

/**
 * What somebody has registered before the first event: the fourth source of each project, and where there are
 * training sets the first one too.
 */
export function recordsBefore({
  training,
}: Scenario): ReadonlyMap<string, ReadonlyMap<string, Attribute>> {
  const records = new Map<string, ReadonlyMap<string, Attribute>>()
  for (const project of PROJECTS) {
    for (const [index, { endpointId }] of sourcesOf(project, { hasTraining: false }).entries()) {
      const trained = training === null ? null : attributesBefore(index)
      const known = index === 3 ? KNOWN_BEFORE : []
      if (trained !== null || index === 3) {
        records.set(endpointId, new Map([...known, ...(trained ?? [])]))
      }
    }
  }
  return records
}

const KNOWN_BEFORE: readonly (readonly [string, Attribute])[] = [
  ['feature_names', { type: 'string', value: '["u", "v"]' }],
  ['error_count', { type: 'int', value: 7 }],
  ['first_request', { type: 'string', value: '2026-10-01 00:00:00.000000+00:00' }],
]
