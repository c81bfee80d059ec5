import assert from 'node:assert'
import { edgesOf, parseReference } from '../lib/stream/drift/reference.ts'
import { layoutOf } from '../lib/stream/drift/window-counts.ts'
import type { MetricRow, QualityCounts } from '../lib/stream/ports.ts'
import type { Outcome } from './check-outcome.ts'
import type { SentRow } from './events.ts'
import type { LedgerEntry } from './ledger.ts'
import { PROJECTS } from './records-before.ts'
import type { Reference } from './reference.ts'
import { streamSettingsOf } from './scenario.ts'
import { columnsOf, KNOWN_TEXTS, LABEL_RANGE, sourceAt } from './training.ts'

const PANES = 12
/** Sources that have a training set at some time. */
const TRAINED = [0, 2, 3]

/** A row that is held against a training set, and its event. */
interface CountedRow {
  readonly entry: LedgerEntry
  readonly row: SentRow
}

/**
 * What is said of drift and of values is so: windows that the log owes are told at least once, what the ledger says
 * of values is what counting by hand gives, and so is the newest report of a record.
 */
export function checkDrift(outcome: Outcome, reference: Reference): void {
  const { world, ledger } = outcome
  if (world.scenario.training === null) return
  if (ledger.entries.some(({ isDoubtful }) => isDoubtful)) return
  // Logs of one process tell of an endpoint together, and not of what lies behind a window that was told.
  if (!world.scenario.hasSameEndpoints) checkTold(outcome, reference)
  for (const project of PROJECTS) {
    for (const source of TRAINED) {
      const { endpointId } = sourceAt(project, source)
      const counted = newestCounts(outcome, endpointId)
      if (counted === null) continue
      const rows = rowsSince(ledger, endpointId, counted.since)
      checkCounts(outcome, { endpointId, source, counted, rows })
      checkReport(outcome, { endpointId, source, counted, rows })
    }
  }
}

/** A pane that was left with rows in it, by the records alone, is told of. */
function checkTold({ world, log }: Outcome, { store }: Reference): void {
  const paneMs = paneMsOf(world.scenario)
  const refused = log.lines.letters.flatMap(({ sink, content }) =>
    sink === 'tsdb' ? [content as MetricRow] : [],
  )
  const keys = [...world.store.memory.rows.values(), ...refused].map(keyOf)
  const told = new Set(keys)
  for (const row of store.rows.values()) {
    // What a flush says of a pane that goes on has the time of the flush.
    if (row.recordType !== 'drift_measures' || row.atMs % paneMs !== 0) continue
    assert(told.has(keyOf(row)), `the window of ${keyOf(row)} is told`)
    world.faults.count('drift window told')
  }
}

function keyOf({ endpointId, recordType, atMs }: MetricRow): string {
  return `${endpointId} ${recordType} ${atMs}`
}

function paneMsOf({ settings }: Outcome['world']['scenario']): number {
  return streamSettingsOf(settings).drift.windowMs / PANES
}

function newestCounts({ world, log }: Outcome, endpointId: string): QualityCounts | null {
  const lines = [...world.store.memory.entries.values()].filter(
    (line) => line.log === log.name && line.endpointId === endpointId,
  )
  return lines.sort((a, b) => a.offset - b.offset).at(-1)?.quality ?? null
}

/** Those that were taken, and those that were refused for a text. */
function rowsSince(ledger: Ledger, endpointId: string, since: number): readonly CountedRow[] {
  return ledger.entries
    .filter(({ event, record, isDuplicate, expected }) => {
      const isCounted = !isDuplicate && expected.outcome === 'accepted' && record.offset > since
      return isCounted && event.endpointId === endpointId
    })
    .flatMap((entry) =>
      entry.event.rows
        .filter(({ isGood, isText }) => isGood || isText)
        .map((row) => ({ entry, row })),
    )
}

type Ledger = Outcome['ledger']

/** What is held against a training set by hand. */
interface Counting {
  readonly endpointId: string
  readonly source: number
  readonly counted: QualityCounts
  readonly rows: readonly CountedRow[]
}

function checkCounts({ world }: Outcome, counting: Counting): void {
  const { counted, rows, endpointId } = counting
  const most = mostIn(world, counting)
  if (most === null) return
  assert.equal(counted.rows, rows.length, `rows of ${endpointId} whose values are counted`)
  assert.deepStrictEqual(
    Object.fromEntries(counted.values),
    countsByHand(counting, most),
    `values of ${endpointId} are counted as by hand`,
  )
}

/** The largest number of the training set that they were counted on; null where the record has another one by now. */
function mostIn({ store }: Outcome['world'], { endpointId, counted }: Counting): number | null {
  const text = store.memory.items.get(endpointId)?.get('feature_stats')?.value
  const reference = parseReference(String(text))
  assert(reference.kind === 'known')
  const [first] = reference.features
  assert(first?.kind === 'numeric')
  const most = edgesOf(reference, first).at(-1) ?? 0
  return layoutOf(reference).signature === counted.reference ? most : null
}

/** Missing, of a wrong type, out of range, unseen. */
function countsByHand(
  { source, rows }: Pick<Counting, 'source' | 'rows'>,
  most: number,
): Record<string, number[]> {
  const { columns, label } = columnsOf(source)
  const counts: Record<string, number[]> = {}
  const note = (name: string, kind: number): void => {
    const own = counts[name] ?? [0, 0, 0, 0]
    own[kind] = (own[kind] ?? 0) + 1
    counts[name] = own
  }
  const [first = '', second = '', text = ''] = columns
  for (const { row } of rows) {
    if (row.isText) {
      note(second, 1)
      continue
    }
    const [mark, half, given] = row.inputs
    if (Number(mark) > most) note(first, 2)
    if (half === null) note(second, 0)
    else if (Number(half) > most / 2) note(second, 2)
    if (given === null) note(text, 0)
    else if (!KNOWN_TEXTS.includes(String(given))) note(text, 3)
    // Each first prediction is 1.
    if (LABEL_RANGE[0] > 1) note(label, 2)
  }
  return counts
}

/** What the record says last is what its window holds, unless rows came after it had ended. */
function checkReport({ world, ledger }: Outcome, counting: Counting): void {
  const { scenario, store, faults } = world
  // Processes that share an endpoint each tell of their own rows.
  if (scenario.hasSameEndpoints || scenario.trouble?.hasClockJumps === true) return
  const { endpointId, rows } = counting
  const most = mostIn(world, counting)
  const item = store.memory.items.get(endpointId)
  const drift = JSON.parse(String(item?.get('stream_drift')?.value ?? 'null'))
  if (most === null || rows.length === 0) return
  assert(drift !== null, `the record of ${endpointId} says something of drift`)
  const endUs = Date.parse(drift.window_end) * 1000
  const paneUs = paneMsOf(scenario) * 1000
  const lastPane = Math.ceil(endUs / paneUs) - 1
  const own = ledger.entries.filter(
    ({ event, isDuplicate, expected }) =>
      !isDuplicate &&
      event.endpointId === endpointId &&
      (expected.outcome === 'accepted' || expected.outcome === 'error'),
  )
  if (cameLate(own, endUs)) return
  const inWindow = rows.filter(({ entry }) => {
    const pane = Math.floor(entry.event.atUs / paneUs)
    return pane <= lastPane && pane > lastPane - PANES
  })
  assert.equal(drift.rows, inWindow.length, `rows in the newest report of ${endpointId}`)
  const byHand = countsByHand({ ...counting, rows: inWindow }, most)
  const said: Record<string, Record<string, number>> = JSON.parse(
    String(item?.get('data_quality')?.value),
  )
  // Of a feature without values nothing is measured.
  const names = Object.keys(byHand).filter((name) => name in drift.features)
  assert.deepStrictEqual(
    Object.fromEntries(Object.entries(said).map(([name, kinds]) => [name, Object.values(kinds)])),
    Object.fromEntries(names.map((name) => [name, byHand[name]])),
    `values in the newest report of ${endpointId}`,
  )
  faults.count('drift report counted by hand')
}

/** Whether an event of before a time came when stream time, which goes on with the clock, had come to it. */
function cameLate(entries: readonly LedgerEntry[], endUs: number): boolean {
  let newestUs = 0
  let arrivedUs = 0
  for (const { event, record } of entries) {
    const streamUs = newestUs + Math.max(record.arrivedAtUs - arrivedUs, 0)
    if (newestUs > 0 && streamUs >= endUs && event.atUs < endUs) return true
    if (event.atUs >= newestUs) [newestUs, arrivedUs] = [event.atUs, record.arrivedAtUs]
  }
  return false
}
