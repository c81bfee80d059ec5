/**
 * A column's name as the record has it: blanks become "_", round brackets go.
 * Source: MLRun 0.6.5, `ModelEndpoints.create_or_patch`.
 */
export function cleanName(name: string): string {
  return name.replaceAll(' ', '_').replaceAll('(', '').replaceAll(')', '')
}
