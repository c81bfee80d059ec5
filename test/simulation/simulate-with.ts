import { spawnSync } from 'node:child_process'

/** Runs the command in a process of its own, as a person would. */
export function simulateWith(...options: readonly string[]): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  return spawnSync(process.execPath, ['tools/simulate.mjs', ...options], {
    encoding: 'utf8',
    // A minute where nothing else runs.
    timeout: 900_000,
    maxBuffer: 64 * 1024 * 1024,
  })
}
