import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AuditReport } from '../../lib/audit/audit.ts'
import type { Status } from '../contract/books.ts'
import { cli } from '../contract/cli-child.ts'
import { EVENT_ID, type StreamEvent } from './kill-events.ts'

const LOOK_MS = 50
const LOOKS_MAX = 100

type Row = Readonly<Record<string, unknown>>

/** How often an event's rows may be there: once, unless said otherwise. */
export type TimesMax = (event: StreamEvent) => number

const once: TimesMax = () => 1

/** Every row of every event is there once. */
export function assertRows(
  rows: readonly Row[],
  events: readonly StreamEvent[],
  timesMax: TimesMax = once,
): void {
  const counts = new Map<string, number>()
  for (const { request_id: id } of rows) counts.set(String(id), (counts.get(String(id)) ?? 0) + 1)
  const wrong = events.flatMap((event) => {
    const { id, rowCount } = event
    const found = counts.get(id) ?? 0
    counts.delete(id)
    const isWhole = rowCount === 0 ? found === 0 : found % rowCount === 0
    const isEnough = found >= rowCount && found <= rowCount * timesMax(event)
    return isWhole && isEnough ? [] : [`${id} ${found} of ${rowCount} rows`]
  })
  assert.deepEqual(wrong, [])
  assert.deepEqual([...counts.keys()], [], 'rows of no event')
}

/** Of metrics that a shard's owner before had written already, when the shard has come back to a worker. */
const REPEATED_METRIC = 'The time series table has a sample as new as this one already'

/** Every rejected event and row is in the dead letters once, and nothing else of events. */
export function assertLetters(
  folder: string,
  events: readonly StreamEvent[],
  timesMax: TimesMax = once,
): void {
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
  const counts = new Map<string, number>()
  for (const line of lines) {
    const { body, sink, reason } = JSON.parse(line)
    if (sink === 'tsdb' && String(reason).startsWith(REPEATED_METRIC)) continue
    const [id = line] = String(body).match(EVENT_ID) ?? []
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  const wrong = events.flatMap((event) => {
    const { id, letterCount } = event
    const found = counts.get(id) ?? 0
    counts.delete(id)
    const isRight = found >= letterCount && found <= letterCount * timesMax(event)
    return isRight ? [] : [`${id} ${found} of ${letterCount} letters`]
  })
  assert.deepEqual(wrong, [])
  assert.deepEqual([...counts.keys()], [], 'letters of no event')
}

const OUTCOMES = ['accepted', 'error', 'ignored', 'rejected'] as const

/** What both workers have counted is what there was; each one's own books balance (books.ts). */
export function assertBooks(statuses: readonly Status[], events: readonly StreamEvent[]): void {
  for (const outcome of OUTCOMES) {
    const expected = events.filter((event) => event.outcome === outcome).length
    assert.equal(
      sum(statuses, ({ events: counts }) => counts[outcome] ?? 0),
      expected,
      outcome,
    )
  }
  const rowCount = events.reduce((total, event) => total + event.rowCount, 0)
  assert.equal(
    sum(statuses, ({ rows }) => rows.accepted),
    rowCount,
  )
  assert.equal(
    sum(statuses, ({ written }) => written['parquetRows'] ?? 0),
    rowCount,
  )
}

function sum(statuses: readonly Status[], of: (status: Status) => number): number {
  return statuses.reduce((total, status) => total + of(status), 0)
}

/** The records of these models count what their events say. */
export function assertRecords(
  records: readonly Row[],
  events: readonly StreamEvent[],
  models: readonly string[],
): void {
  const found = new Map(records.map((record) => [record['model'], record]))
  for (const model of models) {
    const own = events.filter((event) => event.model === model)
    const record = found.get(`${model}:v1`)
    assert(record !== undefined, model)
    assert.deepEqual(
      [model, record['error_count'], record['predictions_count_1h']],
      [
        model,
        own.filter(({ isError }) => isError).length,
        own.reduce((total, { rowCount }) => total + rowCount, 0),
      ],
    )
  }
}

/** Nothing is left of writes that a kill has cut short, once the last checkpoint has had its turn. */
export async function assertNoLeftovers(folder: string): Promise<void> {
  const leftovers = (): readonly string[] => {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => /\.tmp$|\.part$|-pending\.jsonl$|crash-marks/.test(name))
  }
  for (let look = 0; look < LOOKS_MAX && leftovers().length > 0; look++) await wait(LOOK_MS)
  assert.deepEqual(leftovers(), [])
}

/** Files, dead letters and tables alone prove that all is accounted for. */
export async function assertAudit(
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<void> {
  const { stdout, stderr } = await cli(['audit', '--json'], { cwd, env })
  assert.notEqual(stdout, '', stderr)
  const { unaccounted, differences, logs }: AuditReport = JSON.parse(stdout)
  // Workers that share an endpoint each write the errors that they know of.
  const others = differences.filter(({ kind }) => kind !== 'record-errors')
  assert.deepEqual({ unaccounted, others }, { unaccounted: 0, others: [] })
  assert(logs.length > 0)
  assert.equal(
    logs.reduce((sum, { rows }) => sum + rows.pending, 0),
    0,
    'nothing is pending by the ledger',
  )
}
