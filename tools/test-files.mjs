// What runs tests: it finds their files, bundles them and gives them to node:test.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundleSources } from './bundle-sources.mjs'

/**
 * Every *.test.ts below a folder, as paths relative to the project.
 *
 * @param skipped  names of folders that are left out
 */
export function findTests(folder, skipped = new Set()) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : findTests(path, skipped)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

/**
 * Bundles test files with esbuild and runs them, one process a file, two at a time.
 *
 * @param out  folder of the bundles, made anew
 * @param env  added to the environment
 * @returns    the exit code
 */
export async function runTestFiles(entryPoints, { out, env = {} }) {
  rmSync(out, { recursive: true, force: true })
  await bundleSources({ entryPoints, outdir: out, outbase: '.' })
  const files = entryPoints.map((path) => join(out, path.replace(/\.ts$/, '.mjs')))
  // Newer versions of Node print what nobody can count when nobody looks.
  const reporter = process.stdout.isTTY ? 'spec' : 'tap'
  const options = ['--test', '--test-concurrency=2', `--test-reporter=${reporter}`]
  const run = spawnSync(process.execPath, ['--enable-source-maps', ...options, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return run.status ?? 1
}
