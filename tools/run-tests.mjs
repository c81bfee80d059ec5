// Bundles the tests with esbuild and runs them with node:test, one process a file.
//   node tools/run-tests.mjs [PATH ...]   only the test files whose path starts with one of PATH
// Without a PATH all but test/long, which is for those who can wait (npm run test:long).
// The product is built first, because contract tests drive dist/ as it would be deployed.
import { relative } from 'node:path'
import { buildProduct } from '../build.mjs'
import { findTests, runTestFiles } from './test-files.mjs'

const OUT = '.build/test'
const LONG = 'test/long/'
// Tests that need programs from outside npm have a runner of their own (npm run test:interop).
const SKIPPED = new Set(['node_modules', 'dist', '.build', 'interop', 'golden'])

const prefixes = process.argv.slice(2).map((path) => relative('.', path))
const all = ['test', 'lib'].flatMap((folder) => findTests(folder, SKIPPED)).sort()
const entryPoints = prefixes.length
  ? all.filter((path) => prefixes.some((prefix) => path.startsWith(prefix)))
  : all.filter((path) => !path.startsWith(LONG))
if (entryPoints.length === 0) {
  console.error(`No test file begins with ${prefixes.join(' or ')}.`)
  process.exit(1)
}

await buildProduct({ quiet: true })
process.exit(await runTestFiles(entryPoints, { out: OUT }))
