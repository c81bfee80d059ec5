/**
 * Short texts inside rows of numbers, so that a row is one piece of memory: a request id that lives on
 * as a string until its file is written costs the garbage collector several times as much.
 *
 * Layout: the number of characters, then SHORT_NUMBERS numbers of six characters each, 8 bits a
 * character, the first one lowest. Texts that are longer, or have a character beyond 255, do not fit.
 */
export const SHORT_NUMBERS = 7
/** All numbers of one. */
export const SHORT_TEXT_NUMBERS = 1 + SHORT_NUMBERS
const CHARS_PER_NUMBER = 6
const CHARS_MAX = SHORT_NUMBERS * CHARS_PER_NUMBER
const TWO_24 = 2 ** 24

/** Writes a text at a place of a row; false, and the length -1, if it does not fit. */
export function writeShortText(numbers: Float64Array, at: number, text: string): boolean {
  const { length } = text
  numbers[at] = -1
  if (length > CHARS_MAX) return false
  let place = at
  for (let index = 0; index < length; index += CHARS_PER_NUMBER) {
    const low = threeChars(text, index)
    const high = threeChars(text, index + 3)
    if (low < 0 || high < 0) return false
    numbers[++place] = low + high * TWO_24
  }
  numbers[at] = length
  return true
}

/** Whether that text was written at a place; false for one that does not fit. */
export function isShortText(numbers: Float64Array, at: number, text: string): boolean {
  const { length } = text
  if (numbers[at] !== length) return false
  let place = at
  for (let index = 0; index < length; index += CHARS_PER_NUMBER) {
    const low = threeChars(text, index)
    const high = threeChars(text, index + 3)
    if (low < 0 || high < 0 || numbers[++place] !== low + high * TWO_24) return false
  }
  return true
}

/** 24 bits of three characters, 0 beyond the end; -1 if one is beyond 255. */
function threeChars(text: string, index: number): number {
  if (index + 3 > text.length) return lastChars(text, index)
  const first = text.charCodeAt(index)
  const second = text.charCodeAt(index + 1)
  const third = text.charCodeAt(index + 2)
  return (first | second | third) > 255 ? -1 : first | (second << 8) | (third << 16)
}

function lastChars(text: string, index: number): number {
  let bits = 0
  for (let char = index; char < text.length; char++) {
    const code = text.charCodeAt(char)
    if (code > 255) return -1
    bits |= code << (8 * (char - index))
  }
  return bits
}

/** The text at a place of a row; null if it did not fit. */
export function readShortText(numbers: Float64Array, at: number): string | null {
  const length = numbers[at] ?? -1
  if (length < 0) return null
  const codes: number[] = []
  for (let place = at + 1; codes.length < length; place++) {
    const value = numbers[place] ?? 0
    const high = Math.floor(value / TWO_24)
    const low = value - high * TWO_24
    for (const bits of [low, high]) codes.push(bits & 255, (bits >> 8) & 255, bits >> 16)
  }
  return String.fromCharCode(...codes.slice(0, length))
}
