/** Texts that pandas.read_csv takes for a missing value (pandas 2.3, `na_values`). */
const MISSING = new Set([
  '',
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
  'N/A',
  'NA',
  'NULL',
  'NaN',
  'None',
  'n/a',
  'nan',
  'null',
])
const LONGEST_MISSING = 8

const BOOLS = new Map([
  ['True', true],
  ['TRUE', true],
  ['true', true],
  ['False', false],
  ['FALSE', false],
  ['false', false],
])

/** Whether a field of a CSV file stands for no value; quoted or not, as pandas.read_csv has it. */
export function isMissing(text: string): boolean {
  return text.length <= LONGEST_MISSING && MISSING.has(text)
}

/** The bool that a text spells; undefined for any other. */
export function boolOf(text: string): boolean | undefined {
  return BOOLS.get(text)
}

/** The number that a text spells, which may be infinite; undefined for any other text. */
export function numberOf(text: string): number | undefined {
  const value = Number(text)
  if (Number.isNaN(value)) return infinityOf(text)
  // Blanks alone are 0 to JavaScript, and 0x10, 0b1 and 0o7 numbers.
  if (value === 0 && !/\d/.test(text)) return undefined
  return /[xXbBoO]/.test(text.slice(0, 32)) ? undefined : value
}

function infinityOf(text: string): number | undefined {
  if (!/^\s*[+-]?inf(?:inity)?\s*$/i.test(text)) return undefined
  return text.includes('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
