import assert from 'node:assert'
import type { FunctionProcess, WireAnswer } from './function-process.ts'
import { cron } from './wire-events.ts'

type Counts = Readonly<Record<string, number>>

/** As much of the status as the contract tests look at. */
export interface Status {
  readonly store: string
  readonly catchingUp: boolean
  readonly events: Counts
  readonly rows: {
    readonly accepted: number
    readonly rejected: number
    readonly unaccounted: number
  }
  readonly written: Counts
  readonly pending: Counts
}

const OUTCOMES = [
  ...['accepted', 'error', 'ignored', 'rejected', 'duplicate', 'waiting', 'spooled'],
] as const

/** The status in an answer, whose books must balance. */
export function statusOf(answer: WireAnswer): Status {
  assert.equal(answer.status_code, 200)
  const status: Status = JSON.parse(answer.body)
  const sum = OUTCOMES.reduce((total, outcome) => total + (status.events[outcome] ?? 0), 0)
  assert.equal(status.events['received'], sum, JSON.stringify(status.events))
  assert.equal(status.rows.unaccounted, 0, JSON.stringify(status))
  return status
}

/** Has everything written, by a cron event, and gives the status that answers it. */
export async function flush(nuclio: FunctionProcess): Promise<Status> {
  const answer = await nuclio.ask(cron())
  assert.equal(answer.content_type, 'application/json')
  const status = statusOf(answer)
  assert.deepEqual(status.pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.equal(status.events['waiting'], 0)
  assert.equal(status.events['spooled'], 0)
  assert.equal(status.catchingUp, false)
  return status
}

/** By how much the counts of events have grown, without those that have not. */
export function growthOf(earlier: Status, later: Status): Counts {
  const grown = Object.entries(later.events).map(
    ([name, count]) => [name, count - (earlier.events[name] ?? 0)] as const,
  )
  return Object.fromEntries(grown.filter(([, growth]) => growth !== 0))
}
