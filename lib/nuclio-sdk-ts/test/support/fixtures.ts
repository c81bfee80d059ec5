import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const PACKAGE = join(process.cwd(), 'lib/nuclio-sdk-ts')

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is removed when the tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nuclio-sdk-test-'))
  folders.push(folder)
  return folder
}

/** Builds the wrapper and the fixtures as they are deployed: one CommonJS file each. */
export async function buildFixtures() {
  const folder = temporaryFolder()
  await build({
    entryPoints: {
      wrapper: join(PACKAGE, 'src/wrapper.ts'),
      app: join(PACKAGE, 'test/fixtures/app.ts'),
      'bare-probe': join(PACKAGE, 'test/fixtures/bare-probe.ts'),
      'guarded-probe': join(PACKAGE, 'test/fixtures/guarded-probe.ts'),
    },
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
  })
  return {
    folder,
    wrapper: join(folder, 'wrapper.js'),
    app: join(folder, 'app.js'),
    bareProbe: join(folder, 'bare-probe.js'),
    guardedProbe: join(folder, 'guarded-probe.js'),
  }
}

/** A file among the recorded ones. */
export function goldenPath(name: string): string {
  return join(PACKAGE, 'test/golden', name)
}
