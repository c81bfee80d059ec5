import type { Field } from './kinds.ts'

/** What stands for a secret wherever it would be shown. */
export const MASK = '***'

/**
 * A setting's text as it may be shown: secrets as `***`, an empty one as '', and user and password
 * of any address masked.
 */
export function maskText(field: Field, shown: string): string {
  if (field.kind === 'text' && field.secret) return shown === '' ? '' : MASK
  return shown.replace(/\/\/\S*@/g, `//${MASK}@`)
}
