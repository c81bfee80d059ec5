import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cpuUsage } from 'node:process'

/** A copy of dist/ that this run has built, so that nobody who builds meanwhile takes it away. */
export const PRODUCT = resolve('.build/bench/dist')

/** The rounds of one variant. */
export interface Figure {
  /** What each round has measured, in order. */
  readonly runs: readonly number[]
  /** What the code costs: whatever disturbs a round only adds to it. */
  readonly least: number
}

/** A figure over its floor. */
export interface Ratio {
  /** Least of the rounds over least of the rounds, or median over median. */
  readonly value: number
  /** Least and most of the single rounds' ratios: how calm the machine was. */
  readonly low: number
  readonly high: number
}

/** What one part of the bench found, by the name that the figure has in the output. */
export type Findings = Readonly<Record<string, Ratio>>

/** How often variants take turns: first to warm up, then to be measured. */
export interface Rounds {
  readonly warmups: number
  readonly rounds: number
}

type Work = () => void | Promise<void>

/** CPU time of a piece of work in microseconds, user and system, all threads of the process. */
export async function cpuUsOf(work: Work): Promise<number> {
  const before = cpuUsage()
  await work()
  const { user, system } = cpuUsage(before)
  return user + system
}

/** The runs and the least of them. */
export function figureOf(runs: readonly number[]): Figure {
  return { runs, least: Math.min(...runs) }
}

/** Rounds of a figure over the same rounds of its floor. */
export function ratioOf(figure: Figure, floor: Figure): Ratio {
  const ratios = figure.runs.map((run, round) => run / (floor.runs[round] ?? Number.NaN))
  return {
    value: figure.least / floor.least,
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  }
}

/**
 * As `ratioOf`, but the median of the rounds over the median: for what luck can make short, and for
 * rounds in which the machine's own work is a part of both sides.
 */
export function medianRatioOf(figure: Figure, floor: Figure): Ratio {
  return { ...ratioOf(figure, floor), value: median(figure.runs) / median(floor.runs) }
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

/** A figure as it is, over no floor. */
export function plain({ runs, least }: Figure): Ratio {
  return { value: least, low: least, high: Math.max(...runs) }
}

/** Runs variants in turn (A B C A B C ...), so that a busy moment of the machine hits all alike. */
export async function interleave<Name extends string>(
  variants: Readonly<Record<Name, () => number | Promise<number>>>,
  { warmups, rounds }: Rounds,
): Promise<Readonly<Record<Name, Figure>>> {
  const names = Object.keys(variants) as Name[]
  const runs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >
  for (let round = 0; round < warmups + rounds; round++) {
    for (const name of names) {
      const run = await variants[name]()
      if (round >= warmups) runs[name].push(run)
    }
  }
  return Object.fromEntries(names.map((name) => [name, figureOf(runs[name])])) as Record<
    Name,
    Figure
  >
}

const folders = new Set<string>()
// What is left when a signal ends the bench in the middle.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Lends an empty folder to a piece of work and takes it away afterwards, whatever happens. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mm-bench-'))
  folders.add(folder)
  try {
    return await work(folder)
  } finally {
    folders.delete(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Numbers in [0, 1) with all 53 bits in use, the same ones for the same seed (mulberry32, twice): a bench
 * must not depend on luck, and round numbers would be cheap to parse and to compress.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  const next32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return () => ((next32() >>> 5) * 2 ** 26 + (next32() >>> 6)) / 2 ** 53
}
