import { cpuUsage } from 'node:process'

/** A figure of several runs: the least is what the code costs, the spread says how calm the machine was. */
export interface Figure {
  readonly least: number
  readonly most: number
}

/** CPU time of a piece of work in microseconds, user and system, all threads of the process. */
export function cpuUsOf(work: () => void): number {
  const before = cpuUsage()
  work()
  const { user, system } = cpuUsage(before)
  return user + system
}

/** The least and the most of some runs. */
export function figureOf(runs: readonly number[]): Figure {
  return { least: Math.min(...runs), most: Math.max(...runs) }
}

/** Runs variants in turn (A B C A B C ...), so that a busy moment of the machine hits all alike. */
export function interleave<Name extends string>(
  variants: Readonly<Record<Name, () => number>>,
  { rounds, warmups }: { readonly rounds: number; readonly warmups: number },
): Readonly<Record<Name, Figure>> {
  const names = Object.keys(variants) as Name[]
  const runs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >
  for (let round = 0; round < warmups + rounds; round++) {
    for (const name of names) {
      const figure = variants[name]()
      if (round >= warmups) runs[name].push(figure)
    }
  }
  return Object.fromEntries(names.map((name) => [name, figureOf(runs[name])])) as Record<
    Name,
    Figure
  >
}

/** The same numbers for the same seed (mulberry32): a bench must not depend on luck. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
