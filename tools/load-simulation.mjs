import { readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleSources } from './bundle-sources.mjs'

let count = 0

/**
 * Bundles the simulation and loads it.
 *
 * @param bug  name of a bug that is put into the sources of the bundle, or null
 * @returns    the exports of simulation/main.ts
 */
export async function loadSimulation(bug) {
  const { BUGS } = await load('simulation/bugs.ts', [])
  const { TUNINGS } = await load('simulation/tunings.ts', [])
  const found = BUGS.find(({ name }) => name === bug)
  if (bug !== null && found === undefined) {
    const names = BUGS.map(({ name }) => name).join(', ')
    throw new Error(`There is no bug ${bug}, only ${names}.`)
  }
  return load('simulation/main.ts', [...TUNINGS, ...(found?.patches ?? [])])
}

/** Each bundle has a folder of its own, so that all of them can be loaded side by side. */
async function load(entryPoint, patches) {
  const outdir = resolve('.build', `simulation-${process.pid}-${count++}`)
  const used = new Set()
  try {
    await bundleSources({ entryPoints: [entryPoint], outdir, plugins: [patching(patches, used)] })
    for (const patch of patches) {
      if (!used.has(patch)) throw new Error(`${patch.file} is not part of the simulation.`)
    }
    const name = entryPoint.split('/').at(-1).replace(/\.ts$/, '.mjs')
    return await import(pathToFileURL(join(outdir, name)).href)
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}

/** Changes sources while they are bundled; a change that does not fit exactly once is an error. */
function patching(patches, used) {
  return {
    name: 'source-patches',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative('.', path)
        const own = patches.filter((patch) => patch.file === file)
        if (own.length === 0) return undefined
        let contents = readFileSync(path, 'utf8')
        for (const patch of own) {
          const parts = contents.split(patch.from)
          if (parts.length !== 2) {
            throw new Error(`${file} holds ${parts.length - 1} times: ${patch.from}`)
          }
          contents = parts.join(patch.to)
          used.add(patch)
        }
        return { contents, loader: 'ts' }
      })
    },
  }
}
