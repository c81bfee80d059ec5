import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

/**
 * Bundles sources as ES modules that Node runs: ours come from their TypeScript, everything from npm stays
 * where it is.
 *
 * @param options  esbuild's own, such as entryPoints and outdir
 */
export async function bundleSources(options) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  await build({
    ...options,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: Object.keys({ ...dependencies, ...devDependencies }),
    conditions: ['source'],
    sourcemap: 'inline',
    logLevel: 'warning',
  })
}
