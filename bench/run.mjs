// What the function costs, as ratios to a floor that is measured in the same run.
//   node bench/run.mjs [--json]
// Each part runs in a process of its own, so that heaps do not mix. CPU time of user and system, all
// threads; the least of several interleaved rounds, since a busy neighbour can only add to it.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { buildProduct } from '../build.mjs'

const OUT = '.build/bench'
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

await buildProduct({ quiet: true })
rmSync(OUT, { recursive: true, force: true })
await build({
  entryPoints: readdirSync('bench/parts').map((name) => join('bench/parts', name)),
  outdir: OUT,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  external: Object.keys({ ...dependencies, ...devDependencies }),
  conditions: ['source'],
  loader: { '.wasm': 'file' },
  logLevel: 'error',
})

/** The JSON that a part prints; its errors go to stderr. */
function run(part, ...args) {
  const file = join(OUT, `${part}.js`)
  const { status, stdout } = spawnSync(process.execPath, ['--expose-gc', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The part ${part} of the bench failed.`)
  return JSON.parse(stdout.slice(stdout.indexOf('{')))
}

const few = run('hot-path', '1000')
const many = run('hot-path', '100000')
const memory = run('memory')
const toFile = run('to-file')
const parquet = run('parquet')
const load = run('load')
const wrapper = run('wrapper')

const figures = [
  [
    'hotPathOverJsonParse',
    few.hotPathOverJsonParse,
    1.9,
    'decode, compute, batch / JSON.parse; 1,000 endpoints, 20 features',
  ],
  ['hotPathOverJsonParseAt100k', many.hotPathOverJsonParse, 2.2, 'the same with 100,000 endpoints'],
  [
    'withSpoolOverJsonParse',
    few.withSpoolOverJsonParse,
    2.7,
    'with the durable write before it; 1,000 endpoints',
  ],
  [
    'toFileOverJsonParse',
    toFile.toFileOverJsonParse,
    5.9,
    'up to the finished Parquet file, all threads, spool included',
  ],
  ['bytesPerEndpoint', memory.bytesPerEndpoint, 4500, 'memory besides open batches, 20 features'],
  [
    'parquetOverArrowBuilder',
    parquet.parquet.ratio,
    0.6,
    'CPU per row / the same columns by arrow builders',
  ],
  ['gapOverInline', parquet.gap.ratio, 0.15, 'longest stop of the event loop / writing inline'],
  [
    'loadOverEmpty',
    load.loadOverEmpty,
    2,
    'loading handler.js / an empty function of the same SDK',
  ],
  [
    'wrapperOverEmpty',
    wrapper.wrapperOverEmpty,
    null,
    'whole function inside the wrapper / an empty one',
  ],
]

const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version }
if (process.argv.includes('--json')) {
  const values = Object.fromEntries(figures.map(([name, value]) => [name, value]))
  console.log(
    JSON.stringify({
      ...values,
      machine,
      parts: { few, many, memory, toFile, parquet, load, wrapper },
    }),
  )
} else {
  console.log(`${machine.cores} x ${machine.cpu}, Node ${machine.node}\n`)
  for (const [name, value, goal, what] of figures) {
    const shown = value >= 100 ? String(Math.round(value)) : value.toFixed(2)
    const verdict = goal === null ? '' : value <= goal ? `<= ${goal}  ok` : `<= ${goal}  ABOVE`
    console.log(`${name.padEnd(28)}${shown.padStart(8)}   ${verdict.padEnd(16)} ${what}`)
  }
  const { least, most } = few.parseUs
  console.log(
    `\nJSON.parse: ${least.toFixed(2)} us an event, ${most.toFixed(2)} at most; the gap tells how calm the machine was.`,
  )
}
