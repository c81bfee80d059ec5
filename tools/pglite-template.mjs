import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'

/**
 * Makes the empty database that embedded stores begin with (lib/store/postgres/pglite-template.ts), unless it is
 * there.
 *
 * @param bundle  what says where it lies
 */
export async function makePgliteTemplate(bundle) {
  const { templatePath } = createRequire(import.meta.url)(resolve(bundle))
  const path = templatePath(bundle)
  if (path === null || existsSync(path)) return
  const { PGlite } = await import('@electric-sql/pglite')
  const database = await PGlite.create()
  const template = await database.dumpDataDir('gzip')
  await database.close()
  mkdirSync(dirname(path), { recursive: true })
  // Whole or not there, also where two builds make it at once.
  const part = `${path}.${process.pid}`
  writeFileSync(part, Buffer.from(await template.arrayBuffer()))
  renameSync(part, path)
}
