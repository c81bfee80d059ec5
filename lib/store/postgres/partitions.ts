import { errorCode } from '../../stream/errors.ts'
import type { Database } from './database.ts'
import { textOf } from './database.ts'
import { isRefusal } from './refusal.ts'
import { lockSchema } from './schema.ts'

// Older rows are played from files or come late; they stay in the default partition. So an event's
// time, which anybody may set, makes 26 tables at most: these, this month and the next one.
const MONTHS_BACK = 24

/**
 * Makes the monthly partitions of the metrics before rows need them. Rows of other times go to the
 * default partition, and so do those of a month whose partition cannot be made.
 */
export class Partitions {
  readonly #database: Database
  readonly #nowMs: () => number
  readonly #settled = new Set<number>() // months whose rows have their place; one more a month

  constructor(database: Database, nowMs: () => number) {
    this.#database = database
    this.#nowMs = nowMs
  }

  /**
   * Sees to the partitions of these times.
   *
   * @param timesMs  whole milliseconds since 1970 UTC
   * @throws         the engine's error when trying again later can help
   */
  async prepare(timesMs: Iterable<number>): Promise<void> {
    const now = monthOf(this.#nowMs())
    const months = new Set<number>()
    for (const atMs of timesMs) months.add(monthOf(atMs))
    for (const month of months) {
      const isOdd = !(month >= now - MONTHS_BACK && month <= now + 1)
      if (!isOdd && !this.#settled.has(month)) await this.#settle(month)
    }
  }

  async #settle(month: number): Promise<void> {
    try {
      if (!(await this.#has(month))) await this.#create(month)
    } catch (error) {
      // 23514: the default partition has rows of this month already, because somebody's clock was
      // wrong; 42501: this role may not make tables. The rows are as safe in the default partition.
      if (!isRefusal(error) && errorCode(error) !== '42501') throw error
    }
    this.#settled.add(month)
  }

  async #has(month: number): Promise<boolean> {
    const sql = "SELECT coalesce(to_regclass($1::text)::text, '') AS name"
    const [row] = await this.#database.query(sql, [nameOf(month)])
    return row !== undefined && textOf(row, 'name') !== ''
  }

  async #create(month: number): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      await lockSchema(transaction)
      // Nothing of this text comes from an event but a whole number.
      await transaction.query(
        `CREATE TABLE IF NOT EXISTS ${nameOf(month)} PARTITION OF model_endpoint_metrics
          FOR VALUES FROM ('${firstDayOf(month)}') TO ('${firstDayOf(month + 1)}')`,
      )
    })
  }
}

/** Whole months since the year 0; NaN for a time that no calendar has. */
function monthOf(atMs: number): number {
  const date = new Date(atMs)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

function firstDayOf(month: number): string {
  return new Date(Date.UTC(Math.floor(month / 12), month % 12)).toISOString()
}

function nameOf(month: number): string {
  return `model_endpoint_metrics_${firstDayOf(month).slice(0, 7).replace('-', '_')}`
}
