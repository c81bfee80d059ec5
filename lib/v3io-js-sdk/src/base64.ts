/** Whether a text is base64 with its padding; Node would read any other as far as it can. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}
