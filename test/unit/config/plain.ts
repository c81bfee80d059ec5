import type { Value } from '../../../lib/config/kinds.ts'

/** A value of the program as the original's Config held it: times by their names. */
export function plain(value: Value): string | number | readonly string[] {
  if (typeof value === 'number' || typeof value === 'string') return value
  return 'ms' in value ? value.name : value.map(({ name }) => name)
}
