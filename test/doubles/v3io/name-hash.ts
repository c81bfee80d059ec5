/** Spreads names evenly over parts, the same way in every run: which of `partCount` a name is in. */
export function partOf(name: string, partCount: number): number {
  let hash = 0
  for (const byte of Buffer.from(name)) hash = (hash * 31 + byte) % 0x7fffffff
  return hash % partCount
}
