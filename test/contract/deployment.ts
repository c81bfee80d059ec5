import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const roots: string[] = []
process.once('exit', () => {
  for (const root of roots) rmSync(root, { recursive: true, force: true, maxRetries: 5 })
})

/** A folder laid out as the image that Nuclio builds, outside the project; removed at exit. */
export interface Deployment {
  /** Stands for /opt/nuclio: what `nuctl deploy -p dist` copies, and wrapper.js beside it. */
  readonly code: string
  /** An empty folder for settings that name folders; the working directory of the function too. */
  readonly data: string
  /** An empty folder for the sockets. */
  readonly sockets: string
}

/**
 * Copies dist/ to where no node_modules is found, so that whatever it forgot to bundle is missed.
 *
 * @param withStore  puts PGlite beside it: the embedded store's package, which is not part of dist/ and
 *                   stands in for the PostgreSQL server that `npm test` cannot expect. Everything else
 *                   that the function needs still has to be in dist/.
 */
export function deploy({ withStore }: { readonly withStore: boolean }): Deployment {
  const root = mkdtempSync(join(tmpdir(), 'mm-contract-'))
  const code = join(root, 'nuclio')
  const data = join(root, 'data')
  const sockets = join(root, 'run')
  roots.push(root)
  for (const folder of [code, data, sockets]) mkdirSync(folder)
  for (const name of readdirSync('dist')) {
    // The command line is no part of the function, and the maps only help people.
    if (name === 'cli.js' || name.endsWith('.map')) continue
    copyFileSync(join('dist', name), join(code, name))
  }
  copyFileSync('test/contract/plain-wrapper.cjs', join(code, 'wrapper.js'))
  if (withStore) {
    mkdirSync(join(code, 'node_modules'))
    symlinkSync(
      resolve('node_modules/@electric-sql'),
      join(code, 'node_modules/@electric-sql'),
      'dir',
    )
  }
  return { code, data, sockets }
}

/** Settings for a function that keeps everything below the deployment's data folder. */
export function settingsFor({ data }: Deployment): Readonly<Record<string, string>> {
  return {
    STORE_URL: `embedded:${join(data, 'store')}`,
    SPOOL_PATH: join(data, 'spool'),
    DEAD_LETTER_PATH: join(data, 'dead-letters'),
    PARQUET_PATH_TEMPLATE: join(data, 'parquet/{project}'),
  }
}
