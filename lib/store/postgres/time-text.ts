// A JavaScript year outside 1..9999 is spelled with a sign and six digits, which PostgreSQL does
// not read; and it has no year 0. No event has such a time: the decoder takes none before the year
// 2000.
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * A time as text that PostgreSQL casts to timestamptz, exact to the millisecond.
 *
 * @param atMs  whole milliseconds since 1970 UTC
 * @returns     `2024-01-01T00:00:00.123Z`; for a time that cannot be stored a text that the
 *              cast refuses
 */
export function timeText(atMs: number): string {
  return atMs >= FIRST_MS && atMs <= LAST_MS
    ? new Date(atMs).toISOString()
    : `${atMs} ms since 1970`
}

/** The same for an end of a range, where anything beyond the calendar is infinitely far. */
export function boundText(atMs: number): string {
  if (atMs < FIRST_MS) return '-infinity'
  return atMs > LAST_MS ? 'infinity' : timeText(atMs)
}
