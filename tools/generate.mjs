// Writes what is derived from the declaration of the settings, lib/config/fields.ts, and of the dashboards,
// dashboards/panels/.
//   node tools/generate.mjs           writes the files that are out of date
//   node tools/generate.mjs --check   names them instead, and fails if there are any
// The declarations are TypeScript, which Node 20 cannot run: they are bundled first.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const BUNDLE = join(ROOT, '.build/generate/targets.mjs')

await build({
  entryPoints: [join(ROOT, 'tools/generate/targets.ts')],
  outfile: BUNDLE,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
})
const { targets } = await import(pathToFileURL(BUNDLE).href)

const isCheck = process.argv.includes('--check')
let isOutOfDate = false
for (const { path, contentOf } of targets) {
  const file = join(ROOT, path)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const after = contentOf(before)
  if (after === null || after === before) continue
  if (isCheck) {
    console.error(`${path} is out of date: run npm run generate.`)
    isOutOfDate = true
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, after)
    console.log(`${path} is written.`)
  }
}
if (isOutOfDate) process.exit(1)
