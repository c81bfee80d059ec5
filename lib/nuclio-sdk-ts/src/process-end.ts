import { writeSync } from 'node:fs'
import type { BufferedLogger } from './logger.ts'

/** Whether an error says that the program itself is wrong: a failed assertion of any library. */
export function isAssertionFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && readCode(error) === 'ERR_ASSERTION'
}

function readCode(error: object): unknown {
  try {
    return Reflect.get(error, 'code')
  } catch {
    return undefined // a stranger's getter threw: then it is no assertion of node's
  }
}

/**
 * Ends the process with exit code 1, after one sentence on stderr. Not through Nuclio's logger: its
 * socket would not be flushed. Never with 0: the processor would stay alive without its node, say
 * that it is ready and fail every event.
 */
export function endProcess(sentence: string, error: unknown, logger: BufferedLogger): never {
  const early = logger.takeBuffered().map((line) => `${line.level}: ${line.message}\n`)
  const cause = describe(error)
  try {
    writeSync(2, `${early.join('')}nuclio-sdk-ts: ${sentence} ${cause}\n`)
  } catch {
    // stderr is closed or full: ending matters more than telling.
  }
  process.exit(1)
}

/**
 * A stack for what the program did wrong; the message alone where the surroundings are at fault, which
 * an error's own code says (EACCES, or one that the function gives), for nobody mends those by a stack.
 */
function describe(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error)
    const code = readCode(error)
    const isOurs = typeof code !== 'string' || code.startsWith('ERR_')
    return isOurs ? (error.stack ?? String(error)) : error.message
  } catch {
    return '<unreadable>'
  }
}
