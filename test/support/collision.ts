import { NO_NUMBER, SourceIndex } from '../../lib/stream/compute/source-index.ts'

/** Two names of one hash, as some of a million are. */
export function collision(): {
  readonly one: string
  readonly other: string
  readonly seed: number
} {
  const seed = 1
  const index = new SourceIndex(1_000_000, seed)
  const source = (model: string) => ({ functionUri: '', model, version: '', endpointId: '' })
  const nameAt = (number: number): string => `${Math.imul(number, 0x9e3779b1)} ${number ** 3}`
  for (let number = 0; number < 1_000_000; number++) {
    const other = nameAt(number)
    const likely = index.likely(index.scopeOf(source(other)), other)
    if (likely !== NO_NUMBER) return { one: nameAt(likely), other, seed }
    index.add(source(other))
  }
  throw new Error('No two of a million names have one hash, which cannot be.')
}
