const SHOWN = '***'
const TEXT_BYTES_MAX = 4_000
const LINE_CHARS_MAX = 500

/** What a server says in the body of an answer that is an error. */
export interface Complaint {
  /** One line, 500 characters at most; empty where the body is. */
  readonly message: string
  /** `ErrorCode` of the platform, or null. */
  readonly platformCode: number | null
}

/** A function that puts `***` in the place of each secret. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  // A body is JSON, in which some signs of a secret are written in another way. The longest first, as
  // one may be a part of another.
  const hidden = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .sort((a, b) => b.length - a.length)
  return (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, SHOWN), text)
}

/**
 * Reads an error's body: JSON with ErrorCode and ErrorMessage, or framesd's plain text.
 *
 * @param redacted  see `redactor`; applied before anything is cut, as half a secret is not found
 */
export function complaintOf(body: Buffer, redacted: (text: string) => string): Complaint {
  // Read further than is shown, so that no secret is cut at the end of what is.
  const text = redacted(body.toString('utf8', 0, 2 * TEXT_BYTES_MAX)).slice(0, TEXT_BYTES_MAX)
  const code = /"ErrorCode"\s*:\s*(-?\d+)/.exec(text)?.[1]
  const message = /"ErrorMessage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  if (code === undefined) return { message: oneLine(text), platformCode: null }
  return { message: oneLine(`${code} ${message ?? ''}`), platformCode: Number(code) }
}

/** A text fit for a line of a log: without control characters, 500 characters at most. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LINE_CHARS_MAX)
}
