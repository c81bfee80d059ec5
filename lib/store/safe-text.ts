// Code units of a pair are not matched: with the flag u a pair is one code point.
const EVERY_UNSAFE = /[\0\p{Surrogate}]/gu

/**
 * The text as the stores can hold it, the same in every store.
 *
 * PostgreSQL has no U+0000 in texts or jsonb, and lone surrogates have no UTF-8. Either is replaced
 * by its JSON escape spelled out: a backslash, `u` and four lower-case hex digits, so NUL becomes
 * the six characters `\u0000`. Everything else stays as it is, backslashes too; so the rule cannot
 * be undone (a text that held those six characters from the start looks the same), but it loses
 * nothing that could be shown, and applying it twice changes nothing.
 *
 * @returns  the very same string when nothing had to be replaced
 */
export function safeText(text: string): string {
  // Nearly always, and without a look at each character where they all have one byte.
  if (text.isWellFormed() && !text.includes('\0')) return text
  return text.replace(EVERY_UNSAFE, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
