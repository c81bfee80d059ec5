import { type Config, settings } from './fields.ts'
import type { Value } from './kinds.ts'
import { maskText } from './mask.ts'

/**
 * Every setting under its environment name, for a log line at the start: numbers as numbers, the
 * rest as text, windows separated by commas. Secrets are `***`, an empty one is ''.
 */
export function describeConfig(config: Config): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    settings.map(({ name, envName, field }) => {
      const shown = plainValue(config[name])
      return [envName, typeof shown === 'string' ? maskText(field, shown) : shown]
    }),
  )
}

/** The value as it could be given in the environment. */
function plainValue(value: Value): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value
  return 'ms' in value ? value.name : value.map(({ name }) => name).join(',')
}
