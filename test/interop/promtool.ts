import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { programPath } from './programs.ts'

/** Runs promtool, which must find nothing wrong; what it prints. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(programPath('INTEROP_PROMTOOL'), args, {
    input,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(status, 0, `promtool ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}
