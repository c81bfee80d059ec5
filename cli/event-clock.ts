import { isJsonObject, type JsonObject } from '../lib/stream/accept/event.ts'
import { parseBody } from '../lib/stream/accept/parse-json.ts'
import { parseWhen } from '../lib/stream/accept/parse-when.ts'

const SECOND_US = 1_000_000
const YEAR_2000_US = 946_684_800_000_000
// No recording pauses for a year; a server whose clock is wrong is easily off by more.
const JUMP_US_MAX = 366 * 86_400 * SECOND_US
const JUMPS_MIN = 10

/**
 * The time of a recorded stream: that of its newest event so far. A time that lies more than a year
 * ahead is not followed before ten in a row do, so that one server with a wrong clock does not carry
 * the whole recording away.
 */
export class EventClock {
  /** NaN before the first time. */
  #newestUs = Number.NaN
  /** Times in a row that lie too far ahead. */
  #jumpCount = 0
  #line: Buffer | undefined

  /**
   * When a line arrives: the newest time so far in ms, up to the next whole second, because the
   * stream's events carry whole seconds and no event may arrive before it happened.
   *
   * @param nowMs  the answer before the first line that has a time
   */
  timestampMsOf(line: Buffer, nowMs: number): number {
    this.#observe(line)
    if (Number.isNaN(this.#newestUs)) return nowMs
    return Math.ceil(this.#newestUs / SECOND_US) * 1000
  }

  /** The newest time so far in ms, exact; NaN before the first line that has one. */
  eventTimeMsOf(line: Buffer): number {
    this.#observe(line)
    return this.#newestUs / 1000
  }

  /** A line is looked at once, also when both times are asked for. */
  #observe(line: Buffer): void {
    if (line === this.#line) return
    this.#line = line
    const atUs = newestWhenUs(line)
    if (Number.isNaN(atUs)) return
    const isJump = atUs - this.#newestUs > JUMP_US_MAX
    this.#jumpCount = isJump ? this.#jumpCount + 1 : 0
    if (isJump && this.#jumpCount < JUMPS_MIN) return
    this.#jumpCount = 0
    if (!(atUs <= this.#newestUs)) this.#newestUs = atUs
  }
}

/**
 * The newest `when` of a line's event in microseconds, of a batch that of its newest call; NaN where
 * none can be read. Never throws, whatever the line.
 */
export function newestWhenUs(line: Uint8Array): number {
  const parsed = parseBody(line)
  if (!parsed.ok || !isJsonObject(parsed.value)) return Number.NaN
  const event = parsed.value
  const times = callTimes(event)
  return (times ?? [event['when']]).reduce<number>((newestUs, when) => {
    const atUs = typeof when === 'string' ? parseWhen(when) : Number.NaN
    return atUs >= YEAR_2000_US && !(atUs <= newestUs) ? atUs : newestUs
  }, Number.NaN)
}

/** The `when` of each call of a batch; null for an event whose own counts. */
function callTimes({ headers, values }: JsonObject): readonly unknown[] | null {
  if (!Array.isArray(headers) || !Array.isArray(values)) return null
  const index = headers.lastIndexOf('when')
  if (index === -1) return null
  return values.map((row: unknown) => (Array.isArray(row) ? row[index] : undefined))
}
