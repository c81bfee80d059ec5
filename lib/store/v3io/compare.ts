/** The order of texts by their UTF-16 units, for sort(). */
export function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
