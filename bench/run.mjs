// Measures what an event costs and prints it beside its goals:
//   node bench/run.mjs [--full] [--json] [PART ...]
// Every figure is CPU time over a floor of the same run. --full takes four times as many rounds.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildProduct } from '../build.mjs'
import { bundleSources } from '../tools/bundle-sources.mjs'

const OUT = '.build/bench'
const PARTS = [
  'hot-path',
  'hot-path-100k',
  'with-spool',
  'to-file',
  'drift',
  'drift-any-edges',
  'drift-slices',
  'memory',
  'parquet',
  'gap',
  'frames',
  'kv',
  'read',
  'store-hangs',
  'recovery',
  'first-answer',
  'checkpoint-stall',
  'load',
  'wrapper',
]

/** Builds the product and the bench; both stay as they are while others build theirs. */
async function prepare() {
  await buildProduct({ quiet: true })
  rmSync(OUT, { recursive: true, force: true })
  cpSync('dist', join(OUT, 'dist'), { recursive: true })
  await bundleSources({
    entryPoints: ['main', 'report', 'store-server', 'kv-side'].map((name) => `bench/${name}.ts`),
    outdir: OUT,
  })
}

let running = null
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    running?.kill('SIGTERM')
    process.exit(1)
  })
}

/** What a part found; it runs in a process of its own. */
function measure(part, isFull) {
  const args = ['--expose-gc', '--enable-source-maps', join(OUT, 'main.mjs'), part]
  const child = spawn(process.execPath, [...args, isFull ? '--full' : ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running = child
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`The part ${part} ended with ${code}.`))
    })
  })
}

function commit() {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*']
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown' // no repository, or no git
  }
}

const args = process.argv.slice(2)
const isFull = args.includes('--full')
const isJson = args.includes('--json')
const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.filter((part) => !PARTS.includes(part))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}: choose of ${PARTS.join(', ')}.`)
  process.exit(1)
}

const startedAtMs = Date.now()
await prepare()
const findings = {}
for (const part of wanted.length > 0 ? wanted : PARTS) {
  const partAtMs = Date.now()
  if (!isJson) process.stderr.write(`${part} ... `)
  Object.assign(findings, await measure(part, isFull))
  if (!isJson) process.stderr.write(`${((Date.now() - partAtMs) / 1000).toFixed(1)} s\n`)
}
const { asJson, asTable, machine } = await import(pathToFileURL(join(OUT, 'report.mjs')).href)
const facts = { machine: machine(), commit: commit(), seconds: (Date.now() - startedAtMs) / 1000 }
if (isJson) console.log(asJson(findings, facts))
else {
  const { cpu, cores, node } = facts.machine
  console.log(`${asTable(findings)}\n`)
  console.log(`${cpu}, ${cores} cores, node ${node}, commit ${facts.commit}, ${facts.seconds} s.`)
  console.log(
    'CPU time, least of the rounds of both sides; "rounds": least and most of the single rounds.',
  )
}
