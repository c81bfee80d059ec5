// Builds dist/: the entry points that run as files of their own.
//   node build.mjs [--quiet]
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { buildPage } from './tools/build-page.mjs'
import { makePgliteTemplate } from './tools/pglite-template.mjs'

const OUT = 'dist'

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  conditions: ['source'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  sourcemap: 'linked',
  logLevel: 'warning',
  outdir: OUT,
  // PGlite brings a PostgreSQL of 10 MB: only the local runner uses it, from node_modules.
  external: ['@electric-sql/pglite', 'pg-native'],
}

/** Writes dist/ anew. With quiet, says nothing unless something is wrong. */
export async function buildProduct({ quiet = false } = {}) {
  rmSync(OUT, { recursive: true, force: true })
  mkdirSync(OUT)
  // Old Node versions must be able to read the handler itself, so that it can name them.
  await build({ ...common, target: 'node10', entryPoints: { handler: 'handler/handler.ts' } })
  await build({
    ...common,
    entryPoints: {
      service: 'handler/service.ts',
      'postgres-stores': 'handler/postgres-stores.ts',
      'v3io-store': 'handler/v3io-store.ts',
      cli: 'cli/main.ts',
      'parquet-worker': 'lib/store/parquet/parquet-worker.ts',
      'local-wrapper': 'lib/nuclio-sdk-ts/src/wrapper.ts',
    },
    loader: { '.wasm': 'file' },
    assetNames: '[name]',
  })
  writeFileSync(join(OUT, 'status-page.json'), JSON.stringify(await buildPage()))
  copyFileSync('function.yaml', join(OUT, 'function.yaml'))
  await makePgliteTemplate(join(OUT, 'postgres-stores.js'))
  if (quiet) return
  for (const name of readdirSync(OUT).filter((name) => /\.js(on)?$/.test(name))) {
    console.log(`${join(OUT, name)}  ${Math.round(statSync(join(OUT, name)).size / 1024)} KB`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildProduct({ quiet: process.argv.includes('--quiet') })
}
