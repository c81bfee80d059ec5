import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { finished } from '../contract/cli-child.ts'

/** A script that hangs must not hold the tests up. */
const SCRIPT_MS_MAX = 60_000

/**
 * Runs a Python script of this folder to its end, which it must reach.
 *
 * @param script  its file name
 * @returns       what it has printed
 */
export async function runPython(script: string, args: readonly string[]): Promise<string> {
  const child = spawn(programPath('INTEROP_PYTHON'), [join('test/interop', script), ...args], {
    // Nothing else: proxies and platform settings of this machine would lead elsewhere.
    env: { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SCRIPT_MS_MAX,
  })
  const { exitCode, stdout, stderr } = await finished(child)
  assert.equal(exitCode, 0, `${script}: ${stdout}${stderr}`)
  assert.match(stdout, /^ok \d+ [a-z]+$/m, `${script} has not said that all is well: ${stderr}`)
  return stdout
}

/** Folder of PostgreSQL's server programs. */
export function postgresFolder(): string {
  return programPath('INTEROP_POSTGRES')
}

/** A folder in which @grafana/data is installed. */
export function grafanaFolder(): string {
  return programPath('INTEROP_GRAFANA')
}

/** The program of Chromium. */
export function chromiumPath(): string {
  return programPath('INTEROP_CHROMIUM')
}

/** What an environment variable of the runner names. */
export function programPath(name: string): string {
  const path = process.env[name]
  assert(path, `${name} is not set: these tests are run by tools/run-interop.mjs.`)
  return path
}
