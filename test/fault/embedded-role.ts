import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A process of its own that runs the same test file in another role. */
export type RoleProcess = ChildProcessByStdio<Writable, Readable, null>

/** Starts the test file again; its process sees `args` from process.argv[2] on. */
export function startRole(testUrl: string, args: readonly string[]): RoleProcess {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env // it is no test to the runner
  return spawn(process.execPath, [fileURLToPath(testUrl), ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** What the process prints, line by line; `ended` when it is gone. */
export function linesOf(process: RoleProcess): {
  next: () => Promise<string | undefined>
  ended: Promise<unknown>
} {
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
  return {
    next: async () => (await lines.next()).value,
    ended: once(process, 'exit'),
  }
}
