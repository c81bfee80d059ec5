import type { Attribute } from '../lib/stream/ports.ts'
import { sourcesOf } from './events.ts'

/** Projects of the events; the second is that of a second log's own endpoints. */
export const PROJECTS = ['p', 'q'] as const

/** What somebody has registered before the first event: the fourth source of each project. */
export function recordsBefore(): ReadonlyMap<string, ReadonlyMap<string, Attribute>> {
  return new Map(
    PROJECTS.map((project) => [
      sourcesOf(project)[3]?.endpointId ?? '',
      new Map<string, Attribute>([
        ['feature_names', { type: 'string', value: '["u", "v"]' }],
        ['error_count', { type: 'int', value: 7 }],
        ['first_request', { type: 'string', value: '2026-10-01 00:00:00.000000+00:00' }],
      ]),
    ]),
  )
}
