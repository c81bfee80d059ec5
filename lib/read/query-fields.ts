import { type Found, found, refuse } from './found.ts'

/** The query of a request by name, as it came. */
export type QueryFields = Readonly<Record<string, unknown>>

/** Those that were given, by name. */
export interface ReadFields {
  readonly texts: ReadonlyMap<string, string>
  readonly numbers: ReadonlyMap<string, number>
}

const TEXT_CHARS_MAX = 4_096

/**
 * Reads the query of a request: parameters that are texts, and whole numbers from 0 on. An empty one counts
 * as missing; one of another name is refused, as a misspelt one would choose everything.
 */
export function readFields(
  fields: QueryFields,
  {
    texts = [],
    numbers = [],
  }: { readonly texts?: readonly string[]; readonly numbers?: readonly string[] },
): Found<ReadFields> {
  const read = { texts: new Map<string, string>(), numbers: new Map<string, number>() }
  for (const [name, value] of Object.entries(fields)) {
    const isText = texts.includes(name)
    if (!isText && !numbers.includes(name)) {
      const known = [...texts, ...numbers].join(', ')
      const hint = known === '' ? 'there is none here' : `there are ${known}`
      return refuse(`There is no parameter ${JSON.stringify(name.slice(0, 100))}: ${hint}.`)
    }
    if (typeof value !== 'string' || value === '') continue
    if (value.length > TEXT_CHARS_MAX) {
      return refuse(`${name} must have ${TEXT_CHARS_MAX} characters at most.`)
    }
    if (isText) read.texts.set(name, value)
    else if (/^\d{1,15}$/.test(value)) read.numbers.set(name, Number(value))
    else {
      return refuse(`${name} must be a whole number, not ${JSON.stringify(value.slice(0, 100))}.`)
    }
  }
  return found(read)
}
