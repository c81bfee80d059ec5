/** What went wrong, in a word that stays the same from version to version. */
export type V3ioErrorCode =
  /** The call itself is wrong; nothing was sent. */
  | 'invalid-argument'
  /** 401: there is no access key, or it is wrong or expired. */
  | 'unauthorized'
  /** 403: the key is known and may not do this. */
  | 'forbidden'
  | 'not-found'
  /** 409: it exists already, or a directory is not empty. */
  | 'conflict'
  /** The server will never take this request (other 4xx, and framesd's refusals). */
  | 'refused'
  /** The server could not do it now (408, 429, 5xx). */
  | 'unavailable'
  /** framesd failed, and its text does not tell whether for good. */
  | 'failed'
  /** No answer in time. */
  | 'timeout'
  /** The connection could not be made, or broke. */
  | 'connection'
  /** The server answered what this client does not understand. */
  | 'bad-answer'
  /** The client was closed. */
  | 'closed'

/** Details of a `V3ioError`. */
export interface V3ioErrorDetails {
  /** HTTP status, where there was an answer. */
  readonly status?: number
  /** The platform's own number, such as -2, where it sent one. */
  readonly platformCode?: number
  /** False only when it is certain that the request changed nothing. */
  readonly mayBeApplied?: boolean
  readonly cause?: unknown
}

/** Every error that this package throws. Messages are one line and never hold an access key. */
export class V3ioError extends Error {
  override readonly name = 'V3ioError'
  readonly code: V3ioErrorCode
  readonly status: number | null
  readonly platformCode: number | null
  readonly mayBeApplied: boolean

  constructor(code: V3ioErrorCode, message: string, details: V3ioErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = details.status ?? null
    this.platformCode = details.platformCode ?? null
    this.mayBeApplied = details.mayBeApplied ?? false
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get isPassing(): boolean {
    return this.code === 'unavailable' || this.code === 'timeout' || this.code === 'connection'
  }
}

/** The class of an HTTP status that is not 2xx. */
export function codeOfStatus(status: number): V3ioErrorCode {
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not-found'
    case 409:
      return 'conflict'
    case 408:
    case 429:
      return 'unavailable'
    default:
      if (status >= 500) return 'unavailable'
      return status >= 400 ? 'refused' : 'bad-answer'
  }
}
