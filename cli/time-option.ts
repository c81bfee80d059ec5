import { parseWhen } from '../lib/stream/accept/parse-when.ts'
import { wrongUsage } from './errors.ts'

const DAY = /^\d{4}-\d\d-\d\d$/
const DAY_MS = 86_400_000

/**
 * The time of an option in whole milliseconds since 1970 UTC; undefined when it was not given.
 *
 * @param edge  which end of a day a time without hours means
 * @throws CliError with exit code 2
 */
export function readTime(
  name: string,
  text: string | undefined,
  edge: 'start' | 'end',
): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const atMs = DAY.test(text) ? dayMs(text, edge) : parseWhen(withSeconds(text)) / 1000
  if (!Number.isNaN(atMs)) return edge === 'start' ? Math.ceil(atMs) : Math.floor(atMs)
  throw wrongUsage(
    `--${name} wants a time such as 2021-07-01, 2021-07-01T10:00:00Z or milliseconds since 1970, ` +
      `not ${JSON.stringify(text)}.`,
  )
}

function dayMs(day: string, edge: 'start' | 'end'): number {
  const startMs = parseWhen(`${day} 00:00:00`) / 1000
  return edge === 'start' ? startMs : startMs + DAY_MS - 1
}

/** People leave the seconds out. */
function withSeconds(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(?=$|Z|[+-])/, '$1:00')
}
