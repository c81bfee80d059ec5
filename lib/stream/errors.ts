/** Trouble of the environment, never of an event: each has a code that callers may switch on. */
export type StreamErrorCode =
  | 'bad-config'
  | 'bad-input-file'
  | 'data-folder-in-use'
  | 'disk-full'
  | 'path-unusable'
  | 'shard-elsewhere'
  | 'store-unavailable'
  | 'store-version'

/** One sentence that says what is wrong and what to do; `details` has the single complaints. */
export class StreamError extends Error {
  readonly code: StreamErrorCode
  readonly details: readonly string[]

  constructor(
    code: StreamErrorCode,
    message: string,
    { cause, details = [] }: { cause?: unknown; details?: readonly string[] } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StreamError'
    this.code = code
    this.details = details
  }
}

/** The code of a StreamError or of a Node system error (`ENOSPC`), else ''. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Ends a switch over a closed union: the compiler complains when a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`No case for ${JSON.stringify(value)}.`)
}

/** Whether an error is a mistake of ours, and no trouble of disk or store: it has no code, or is an assertion's. */
export function isOurMistake(error: unknown): boolean {
  const code = errorCode(error)
  return code === '' || code === 'ERR_ASSERTION'
}
