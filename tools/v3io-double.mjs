// Bundles the doubles of V3IO and framesd and starts them.
//   node tools/v3io-double.mjs [--port N]   N for V3IO, N + 1 for framesd
import { pathToFileURL } from 'node:url'
import { bundleSources } from './bundle-sources.mjs'

const OUT = '.build/doubles'

await bundleSources({ entryPoints: ['test/doubles/main.ts'], outdir: OUT, outbase: '.' })
await import(pathToFileURL(`${OUT}/test/doubles/main.mjs`).href)
