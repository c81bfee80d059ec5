import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import { type Figure, figureOf } from './support.ts'

const ROUNDS = 9

/** CPU milliseconds of loading a function, node's own start left out. */
export interface LoadResult {
  readonly handlerMs: Figure
  readonly emptyMs: Figure
  readonly loadOverEmpty: number
}

const EMPTY = `
  import { defineHandler } from 'nuclio-sdk-ts'
  export const { handler, initContext } = defineHandler({ handle: () => '' })`

/** Loads dist/handler.js and an empty function of the same SDK in turn, each in a process of its own. */
export function measureLoad(): LoadResult {
  const folder = mkdtempSync(join(tmpdir(), 'bench-load-'))
  try {
    const empty = join(folder, 'handler.js')
    buildSync({
      stdin: {
        contents: EMPTY,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      outfile: empty,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      conditions: ['source'],
      minifySyntax: true,
      minifyWhitespace: true,
    })
    const runs = { handler: [] as number[], empty: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      runs.handler.push(cpuMsOfLoading(resolve('dist/handler.js')))
      runs.empty.push(cpuMsOfLoading(empty))
    }
    const [handlerMs, emptyMs] = [figureOf(runs.handler), figureOf(runs.empty)]
    return { handlerMs, emptyMs, loadOverEmpty: handlerMs.least / emptyMs.least }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a wrapper has loaded anyway is loaded before the clock starts. */
function cpuMsOfLoading(file: string): number {
  const script = `
    for (const name of ['net', 'events', 'module', 'path', 'timers/promises']) require('node:' + name)
    const before = process.cpuUsage()
    require(${JSON.stringify(file)})
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(String((user + system) / 1000))
    process.exit(0)`
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
}
