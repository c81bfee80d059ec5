// The rules of the house that a program can check: sizes, what the core may touch, which way imports
// point, and words that hide unfinished work. Each rule is shown to bite on a line that breaks it.
import assert from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SKIPPED = new Set(['node_modules', 'dist', '.build', 'golden'])
const LINES_MAX = 400
// The core is driven through ports.ts; `new Date` and the like would make a replay differ.
const WORLD =
  /from 'node:(?!(?:assert|buffer|crypto|zlib)')|\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bprocess\.[a-z]|\bfetch\(/
const CHANCE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\b|\brandomBytes\b/
const FORBIDDEN = /\bTODO\b(?! #\d)|\bFIXME\b|@ts-ignore|catch *(?:\([^)]*\))? *\{ *\}/

interface Line {
  readonly place: string
  readonly text: string
}

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sources(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}

function linesOf(path: string): readonly Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((text, index) => ({ place: `${path}:${index + 1}`, text }))
}

function offenders(lines: readonly Line[], rule: RegExp): readonly string[] {
  return lines.filter(({ text }) => rule.test(text)).map(({ place, text }) => `${place} ${text}`)
}

test('no source file is longer than 400 lines', () => {
  const long = ['dashboards', 'lib', 'page', 'test', 'bench', 'simulation']
    .flatMap(sources)
    .filter((path) => linesOf(path).length > LINES_MAX + 1)
  assert.deepEqual(long, [])
})

test('the core reaches the world only through its ports', () => {
  const core = ['accept', 'compute', 'deliver', 'drift'].flatMap((part) =>
    sources(join('lib/stream', part)),
  )
  assert(core.length > 0)
  assert.deepEqual(offenders(core.flatMap(linesOf), WORLD), [])
  assert.match('const now = new Date()', WORLD)
  assert.match("import { readFileSync } from 'node:fs'", WORLD)
})

test('a simulated run knows no time and no chance but its own', () => {
  // Only lets promises go on; no time passes.
  const turn = /new Promise\(\(resolve\) => setImmediate\(resolve\)\)/
  const lines = sources('simulation').flatMap(linesOf)
  const own = lines.filter(({ text }) => !turn.test(text))
  assert.deepEqual(offenders(own, CHANCE), [])
  assert.match('const roll = Math.random()', CHANCE)
})

test('imports point forward: accept never imports compute, compute never imports deliver', () => {
  const back = [
    ...offenders(sources('lib/stream/accept').flatMap(linesOf), /from '.*\/(?:compute|deliver)\//),
    ...offenders(sources('lib/stream/compute').flatMap(linesOf), /from '.*\/deliver\//),
    ...offenders(sources('lib/nuclio-sdk-ts/src').flatMap(linesOf), /from '\.\.\/\.\.\/\.\./),
  ]
  assert.deepEqual(back, [])
})

test('no word that hides unfinished work', () => {
  const lines = ['dashboards', 'lib', 'page', 'bench', 'simulation']
    .flatMap(sources)
    .flatMap(linesOf)
  assert.deepEqual(offenders(lines, FORBIDDEN), [])
  assert.match('// TODO later', FORBIDDEN)
  assert.match('try { read() } catch {}', FORBIDDEN)
})
