// Bundles the tests with esbuild and runs them with node:test, one process a file.
//   node tools/run-tests.mjs [PATH ...]   only the test files whose path starts with one of PATH
// The product is built first, because contract tests drive dist/ as it would be deployed.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildProduct } from '../build.mjs'
import { bundleSources } from './bundle-sources.mjs'

const OUT = '.build/test'
// Tests that need programs from outside npm have a runner of their own (npm run test:interop).
const SKIPPED = new Set(['node_modules', 'dist', '.build', 'interop', 'golden'])

/** Every *.test.ts below a folder, as paths relative to the project. */
function findTests(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : findTests(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

const prefixes = process.argv.slice(2).map((path) => relative('.', path))
const all = ['test', 'lib'].flatMap(findTests).sort()
const entryPoints = prefixes.length
  ? all.filter((path) => prefixes.some((prefix) => path.startsWith(prefix)))
  : all
if (entryPoints.length === 0) {
  console.error(`No test file begins with ${prefixes.join(' or ')}.`)
  process.exit(1)
}

await buildProduct({ quiet: true })
rmSync(OUT, { recursive: true, force: true })
await bundleSources({ entryPoints, outdir: OUT, outbase: '.' })
const files = entryPoints.map((path) => join(OUT, path.replace(/\.ts$/, '.mjs')))
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-concurrency=2', ...files],
  { stdio: 'inherit' },
)
process.exit(run.status ?? 1)
