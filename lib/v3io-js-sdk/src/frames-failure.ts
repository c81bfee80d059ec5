import { V3ioError, type V3ioErrorCode } from './v3io-error.ts'

/**
 * What framesd's texts say, the first that fits. It answers nearly everything with 500: its own refusals,
 * and the troubles of the platform behind it, whose answer it repeats (`HTTP/1.1 503 ...`).
 */
const TEXTS: readonly (readonly [RegExp, V3ioErrorCode])[] = [
  [/No TSDB schema file found|Failed to find a schema/i, 'not-found'],
  [/table already exists/i, 'conflict'],
  [/HTTP\/1\.[01] 401/, 'unauthorized'],
  [/HTTP\/1\.[01] 403/, 'forbidden'],
  [/HTTP\/1\.[01] (?:408|429|5\d\d)/, 'unavailable'],
  [/time(?:d ?)?out|dial tcp|no such host|no free connections|broken pipe|\bEOF\b/i, 'unavailable'],
  [/connection (?:refused|reset|closed)|closed connection/i, 'unavailable'],
  // Of the frame itself; the spelling is framesd's.
  [/cannot be used as an argument|containe?s illegal characters|should not be empty/i, 'refused'],
  [/out of order|no index of type time|no indices|cannot write type|empty frame/i, 'refused'],
  [/incompatible data type|valid unix timesamp|must specify 'rate'/i, 'refused'],
]

/**
 * The error that an answer of framesd stands for.
 *
 * @param error  as its status says it
 * @param text   of the answer
 * @param shown  the text as people may see it
 */
export function framesFailure(error: V3ioError, text: string, shown: string): V3ioError {
  if (error.status !== 500) return error
  return new V3ioError(codeOfText(text), shown, { status: 500, mayBeApplied: true, cause: error })
}

/** The code of a text that came in the place of a frame, or with 500. */
export function codeOfText(text: string): V3ioErrorCode {
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'failed'
}
