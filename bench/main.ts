/** Entry point of one part of the bench: node main.mjs PART [--full]; writes its findings as JSON. */
import type { Findings, Rounds } from './support.ts'

const FULL_TIMES = 4
/** Of something that takes half a minute. */
const FEW_ROUNDS: Rounds = { warmups: 1, rounds: 2 }

const [name = '', mode] = process.argv.slice(2)

/** Each in a process of its own, so that no heap is shaped by another part. */
const parts: Readonly<
  Record<string, (rounds: (count: number, warmups?: number) => Rounds) => Promise<Findings>>
> = {
  'hot-path': async (rounds) => {
    const { measureHotPath } = await import('./hot-path.ts')
    return measureHotPath({ endpointCount: 1_000, key: 'hotPathOverJsonParse' }, rounds(11))
  },
  'hot-path-100k': async (rounds) => {
    const { measureHotPath } = await import('./hot-path.ts')
    return measureHotPath(
      { endpointCount: 100_000, key: 'hotPathOverJsonParseAt100k' },
      rounds(4, 1),
    )
  },
  'with-spool': async (rounds) => {
    const { measureWithSpool } = await import('./hot-path.ts')
    return measureWithSpool(1_000, rounds(7))
  },
  'to-file': async (rounds) => {
    const { measureToFile } = await import('./to-file.ts')
    return measureToFile(rounds(4, 1))
  },
  drift: async (rounds) => {
    const { measureDrift } = await import('./drift.ts')
    return measureDrift('even', rounds(9))
  },
  'drift-any-edges': async (rounds) => {
    const { measureDrift } = await import('./drift.ts')
    return measureDrift('any', rounds(9))
  },
  'drift-slices': async (rounds) => {
    const { measureDriftMemory, measureDriftSlices } = await import('./drift.ts')
    return { ...measureDriftMemory(), ...(await measureDriftSlices(rounds(20))) }
  },
  memory: async () => {
    const { measureMemory } = await import('./memory.ts')
    return measureMemory()
  },
  parquet: async (rounds) => {
    const { measureParquetCost } = await import('./parquet.ts')
    return measureParquetCost(rounds(5))
  },
  gap: async (rounds) => {
    const { measureGap } = await import('./parquet.ts')
    return measureGap(rounds(7))
  },
  frames: async (rounds) => {
    const { measureFrames } = await import('./frames.ts')
    return measureFrames(rounds(11, 4))
  },
  kv: async (rounds) => {
    const { measureKv } = await import('./kv.ts')
    return measureKv(rounds(7, 3))
  },
  read: async (rounds) => {
    const { measureRead } = await import('./read.ts')
    return measureRead(rounds(5, 1))
  },
  'store-hangs': async () => {
    const { measureStoreHangs } = await import('./store-hangs.ts')
    return measureStoreHangs()
  },
  recovery: async (rounds) => {
    const { measureRecovery } = await import('./recovery.ts')
    const isFull = mode === '--full'
    return measureRecovery(isFull ? 1_000_000 : 20_000, isFull ? FEW_ROUNDS : rounds(3, 1))
  },
  'first-answer': async (rounds) => {
    const { measureFirstAnswer } = await import('./recovery.ts')
    return measureFirstAnswer(mode === '--full' ? 1_000_000 : 0, rounds(3, 1))
  },
  'checkpoint-stall': async (rounds) => {
    const { measureCheckpointStall } = await import('./checkpoint-stall.ts')
    return measureCheckpointStall(rounds(7, 1))
  },
  load: async (rounds) => {
    const { measureLoad } = await import('./load.ts')
    return measureLoad(rounds(9))
  },
  wrapper: async (rounds) => {
    const { measureWrapper } = await import('./wrapper.ts')
    return measureWrapper(rounds(2, 1))
  },
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const measure = parts[name]
if (measure === undefined) throw new Error(`There is no part "${name}".`)
const times = mode === '--full' ? FULL_TIMES : 1
const findings = await measure((count, warmups = 2) => ({ warmups, rounds: count * times }))
process.stdout.write(JSON.stringify(findings))
