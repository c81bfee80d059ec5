import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve, sep } from 'node:path'
import { errorCode } from '../../stream/errors.ts'

const PACKAGE = '@electric-sql/pglite'

/**
 * Where an empty database lies that the build has made (tools/pglite-template.mjs): copying it takes a quarter of
 * the time that making one anew does. Beside the package that made it, and named by its version, because
 * another one may not read it.
 *
 * @param script  the program that runs: the package is looked for as it would be for that
 * @returns       the path, whether or not there is such a file; null without the package
 */
export function templatePath(script: string): string | null {
  const root = packageRoot(script)
  if (root === null) return null
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  const modules = root.slice(0, -join(PACKAGE).length)
  return join(modules, '.cache', 'model-monitoring', `pglite-${version}.tar.gz`)
}

function packageRoot(script: string): string | null {
  let entry: string
  try {
    entry = createRequire(resolve(script)).resolve(PACKAGE)
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND') return null
    throw error
  }
  let folder = dirname(entry)
  while (!folder.endsWith(sep + join(PACKAGE))) {
    if (dirname(folder) === folder) return null
    folder = dirname(folder)
  }
  return folder
}

/** The empty database; null where the build has made none. */
export function readTemplate(script: string): Blob | null {
  const path = templatePath(script)
  if (path === null || !existsSync(path)) return null
  return new Blob([readFileSync(path)], { type: 'application/gzip' })
}
