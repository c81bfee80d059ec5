import type { Field } from '../../lib/config/kinds.ts'
import { formatSize } from '../../lib/config/parse-value.ts'

/** The default of a setting as it could be given in the environment. */
export function defaultText(field: Field): string {
  switch (field.kind) {
    case 'bytes':
      return formatSize(field.default)
    case 'windowList':
      return field.default.join(',')
    default:
      return String(field.default)
  }
}
