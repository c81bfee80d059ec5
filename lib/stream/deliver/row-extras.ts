import type { JsonObject } from '../accept/event.ts'
import { textMap } from '../compute/labels.ts'
import type { RowExtras } from '../ports.ts'
import { numbersOf } from './metric-rows.ts'

/** What only some calls have: metrics and entities of their own; null if there is nothing to keep of them. */
export function extrasOf(
  metrics: JsonObject | null,
  entities: JsonObject | null,
): RowExtras | null {
  if (metrics === null && entities === null) return null
  const numbers = numbersOf(metrics)
  const texts = textMap(entities)
  return numbers === null && texts === null ? null : { metrics: numbers, entities: texts }
}
