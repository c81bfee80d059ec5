import { runnerErrorCode } from 'nuclio-sdk-ts/runner'
import { errorCode, errorMessage, StreamError, unreachable } from '../lib/stream/errors.ts'

/** Exit code of a command that was called in a wrong way. */
export const EXIT_USAGE = 2

/** What is wrong, in sentences for people that say what to do. One line each. */
export class CliError extends Error {
  readonly exitCode: number
  readonly lines: readonly string[]

  constructor(lines: readonly string[], exitCode = 1) {
    super(lines.join(' '))
    this.name = 'CliError'
    this.lines = lines
    this.exitCode = exitCode
  }
}

/** Trouble of the surroundings: exit code 1. */
export function trouble(sentence: string): CliError {
  return new CliError([sentence])
}

/** A command line that cannot be meant: exit code 2. */
export function wrongUsage(sentence: string): CliError {
  return new CliError([sentence], EXIT_USAGE)
}

/** What a person is told of an error, and the exit code that goes with it. */
export interface Explanation {
  readonly exitCode: number
  readonly lines: readonly string[]
}

/** Turns anything that was thrown into sentences; the only place that knows the codes of others. */
export function explain(error: unknown, { isVerbose }: { isVerbose: boolean }): Explanation {
  if (error instanceof CliError) return error
  if (error instanceof StreamError) {
    const { message, details } = error
    return { exitCode: 1, lines: details.length > 0 ? details : [oneLine(message)] }
  }
  const ofRunner = runnerSentence(error)
  if (ofRunner !== null) return { exitCode: 1, lines: [ofRunner] }
  const message = oneLine(errorMessage(error))
  if (/^E(?!RR_)[A-Z0-9]+$/.test(errorCode(error))) {
    const advice = 'see to its permissions and to the free space, and run the command again'
    return { exitCode: 1, lines: [`A file or folder could not be used (${message}): ${advice}.`] }
  }
  const own = `Something went wrong that never should: ${message.replace(/\.$/, '')}.`
  if (!isVerbose) return { exitCode: 1, lines: [own] }
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return { exitCode: 1, lines: [own, ...stack.split('\n').slice(1)] }
}

/** The sentence for an error of the local runner; null for any other error. */
function runnerSentence(error: unknown): string | null {
  const code = runnerErrorCode(error)
  switch (code) {
    case undefined:
      return null
    case 'handler_not_found':
    case 'wrapper_not_found':
      return NOT_BUILT
    case 'input_not_found':
      return 'The input can no longer be read: name a file that stays where it is with --input.'
    case 'worker_start_failed':
      return 'The function did not start: --verbose shows everything that it says.'
    case 'worker_exited':
      return (
        'The function ended again and again and was given up: its last words stand above, and ' +
        'the same command goes on where it ended.'
      )
    case 'no_worker_available':
      return 'The function was busy for too long: run the same command again to go on.'
    case 'port_in_use':
      return 'The port is in use: choose another one with --port, or --port 0 for any.'
    case 'listen_failed':
      return `No connections can be taken (${oneLine(errorMessage(error))}): try another --port.`
    case 'stopped':
      return 'The function was stopped before it answered: run the same command again to go on.'
    default:
      return unreachable(code)
  }
}

/** The sentence for a missing dist/handler.js or dist/local-wrapper.js. */
export const NOT_BUILT = 'The function is not built: run "npm run build" first.'

/** Any text on one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Why a request got no answer, in a word: a code such as ECONNREFUSED, or the name of the error. */
export function noAnswerReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return errorCode(cause) || (error instanceof Error ? error.name : 'no answer')
}
