/**
 * Why the runner could not do something:
 * `handler_not_found`, `wrapper_not_found`, `input_not_found`: the file is not there;
 * `worker_start_failed`: node ended before the function was ready (its stderr says why);
 * `worker_exited`: the worker died with the event in hand, or is gone and is not restarted;
 * `no_worker_available`: every worker was busy for too long;
 * `port_in_use`, `listen_failed`: the HTTP trigger has no port;
 * `stopped`: the runner or the trigger was stopped.
 */
export type RunnerErrorCode =
  | 'handler_not_found'
  | 'input_not_found'
  | 'listen_failed'
  | 'no_worker_available'
  | 'port_in_use'
  | 'stopped'
  | 'worker_exited'
  | 'worker_start_failed'
  | 'wrapper_not_found'

/** Trouble of the runner's surroundings. Switch on `code`; the message is for people. */
export class RunnerError extends Error {
  readonly code: RunnerErrorCode

  constructor(code: RunnerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RunnerError'
    this.code = code
  }
}

/** The code of a RunnerError, or undefined for any other value. */
export function runnerErrorCode(error: unknown): RunnerErrorCode | undefined {
  return error instanceof RunnerError ? error.code : undefined
}
