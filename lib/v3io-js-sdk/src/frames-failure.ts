import { V3ioError, type V3ioErrorCode } from './v3io-error.ts'

/**
 * What framesd's texts say. It answers nearly everything with 500, its own refusals and the troubles of
 * the platform behind it alike, whose answer it repeats: `HTTP/1.1 503 ...`.
 */
const TEXTS: readonly (readonly [RegExp, V3ioErrorCode])[] = [
  [/No TSDB schema file found|Failed to find a schema/i, 'not-found'],
  [/table already exists/i, 'conflict'],
  [/HTTP\/1\.[01] 401/, 'unauthorized'],
  [/HTTP\/1\.[01] 403/, 'forbidden'],
  [/HTTP\/1\.[01] (?:408|429|5\d\d)/, 'unavailable'],
  [/time(?:d ?)?out|dial tcp|no such host|no free connections|broken pipe|\bEOF\b/i, 'unavailable'],
  [/connection (?:refused|reset|closed)|closed connection/i, 'unavailable'],
]

/**
 * The error that an answer of framesd stands for; `refused` where its text says nothing that is known.
 *
 * @param text  of the answer
 */
export function framesFailure(error: V3ioError, text: string): V3ioError {
  if (error.status !== 500) return error
  const { message, status } = error
  return new V3ioError(codeOfText(text), message, { status, mayBeApplied: true, cause: error })
}

/** The error of a text that came in the place of a frame, in the middle of an answer. */
export function errorFrameFailure(origin: string, text: string): V3ioError {
  const line = text.replaceAll(/\s+/g, ' ').trim().slice(0, 500)
  return new V3ioError(codeOfText(text), `${origin} could not read: ${line}`, { status: 200 })
}

function codeOfText(text: string): V3ioErrorCode {
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'refused'
}
