/**
 * CPU of loading what is built, each time in a fresh process; node's own start and what every wrapper
 * loads are not in it, as the time is taken around require().
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import {
  type Findings,
  figureOf,
  interleave,
  PRODUCT,
  plain,
  type Rounds,
  ratioOf,
  withFolder,
} from './support.ts'

/** An empty function as people write them for Nuclio. */
export const EMPTY_HANDLER = "exports.handler = (context, event) => context.callback('')\n"

const EMPTY_FUNCTION = `
import { defineHandler } from 'nuclio-sdk-ts'
export const { handler, initContext } = defineHandler({ handle: () => '' })
`

const LOADER = `
for (const name of ['net', 'events', 'module', 'path', 'timers/promises']) require('node:' + name)
const before = process.cpuUsage()
for (const file of process.argv.slice(2)) require(file)
const { user, system } = process.cpuUsage(before)
process.stdout.write(String(user + system))
process.exit()
`

/**
 * `loadOverEmpty` is handler.js over an empty function of the same SDK. As handler.js loads the service
 * only when it is asked to start, `loadMs` is what both together cost more than an empty handler, in
 * milliseconds of CPU.
 */
export function measureLoad(rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const [loader, empty, emptyOfSdk] = ['loader.js', 'empty.js', 'empty-of-sdk.js'].map((name) =>
      join(folder, name),
    ) as [string, string, string]
    writeFileSync(loader, LOADER)
    writeFileSync(empty, EMPTY_HANDLER)
    await build({
      stdin: { contents: EMPTY_FUNCTION, resolveDir: process.cwd(), loader: 'ts' },
      outfile: emptyOfSdk,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      conditions: ['source'],
      minifySyntax: true,
      minifyWhitespace: true,
    })
    const load = (...files: readonly string[]): number => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [loader, ...files])
      if (status !== 0) throw new Error(`${files.join(', ')} could not be loaded: ${stderr}`)
      return Number(stdout)
    }
    const [handler, service] = [join(PRODUCT, 'handler.js'), join(PRODUCT, 'service.js')]
    const figures = await interleave(
      {
        empty: () => load(empty),
        emptyOfSdk: () => load(emptyOfSdk),
        handler: () => load(handler),
        all: () => load(handler, service),
      },
      rounds,
    )
    const emptyUs = figures.empty.least
    return {
      loadOverEmpty: ratioOf(figures.handler, figures.emptyOfSdk),
      loadMs: plain(figureOf(figures.all.runs.map((us) => (us - emptyUs) / 1000))),
    }
  })
}
