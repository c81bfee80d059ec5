const PATTERN = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes of padded base64 text, or undefined for any other text. Buffer alone would skip what it does not know. */
export function decodeBase64(text: string): Buffer | undefined {
  return PATTERN.test(text) ? Buffer.from(text, 'base64') : undefined
}
