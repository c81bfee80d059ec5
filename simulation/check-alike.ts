import assert from 'node:assert'
import type { Attribute, MetricRow } from '../lib/stream/ports.ts'
import type { Outcome } from './check-outcome.ts'
import type { Reference } from './reference.ts'

/** Texts that describe an endpoint are those of its newest event, of which a record hears with the next sample. */
const DESCRIPTION =
  /^(?:feature_names|label_names|label_columns|function_uri|model_class|labels|_.*)$/

/** Which owner wrote it, and in how many writes. */
const VERSION = /^stream_(?:log|epoch|version)$/

/** What is said of drift, which windows that a timer finds decide as well (check-drift.ts). */
const DRIFT =
  /^(?:feature_stats|current_stats|drift_measures|drift_status|stream_drift|data_quality)$/
const DRIFT_TYPE = /^(?:drift_|data_quality)/

/** What an endpoint's windows come to at the time of the clock. */
const WINDOW = /^(?:predictions_|latency_avg)/

/** State, dead letters, records and time series are those of a process that nothing happened to. */
export function checkAlike(outcome: Outcome, reference: Reference): void {
  const { world, ledger } = outcome
  checkState(outcome, reference)
  const { hasSameEndpoints, trouble } = world.scenario
  const isDoubtful = ledger.entries.some((entry) => entry.isDoubtful)
  if (!isDoubtful) checkRejections(outcome, reference)
  // Two logs that write the same records and series overwrite each other.
  if (isDoubtful || hasSameEndpoints) return
  // What was said of a time that the clock took back would not have been said without that.
  const withWindows = trouble?.hasClockJumps !== true
  checkRecords(outcome, reference, { withWindows })
  checkSeries(outcome, reference, { withWindows })
}

/** State is that of a process that nothing happened to. */
export function checkState({ log }: Outcome, reference: Reference): void {
  assert.equal(log.pipeline?.encodeState(), reference.state, 'the state is that without trouble')
}

function checkRejections({ log }: Outcome, { letters }: Reference): void {
  const lines = log.lines.letters.filter(({ sink }) => sink === undefined)
  assert.deepStrictEqual(
    lines.map((letter) => JSON.stringify(letter)).sort(),
    [...letters].sort(),
    'dead letters are those without trouble',
  )
}

/** What stands in the reference's records stands in the others'; what is gone may stay. */
export function checkRecords(
  { world }: Outcome,
  { store, status }: Reference,
  { withWindows }: { readonly withWindows: boolean },
): void {
  for (const { endpoint_id: id } of status.endpoints) {
    const found = world.store.memory.items.get(id)
    const item = store.items.get(id) ?? new Map<string, Attribute>()
    for (const [name, attribute] of item) {
      const isOfRun = DESCRIPTION.test(name) || VERSION.test(name) || DRIFT.test(name)
      if (isOfRun || (!withWindows && WINDOW.test(name))) continue
      assert.deepStrictEqual(found?.get(name), attribute, `${name} of the record of ${id}`)
    }
  }
}

/** The time series is that of the reference; rows that the sink has refused count as well. */
export function checkSeries(
  { world, log }: Outcome,
  { store, status }: Reference,
  { withWindows }: { readonly withWindows: boolean },
): void {
  const endpoints = new Set(status.endpoints.map(({ endpoint_id }) => endpoint_id))
  const isWanted = ({ endpointId, recordType }: MetricRow): boolean =>
    endpoints.has(endpointId) &&
    (withWindows || recordType !== 'base_metrics') &&
    !DRIFT_TYPE.test(recordType)
  const refused = log.lines.letters.flatMap(({ sink, content }) =>
    sink === 'tsdb' ? [content as MetricRow] : [],
  )
  const found = new Set(
    [...world.store.memory.rows.values(), ...refused].filter(isWanted).map(textOf),
  )
  const expected = new Set([...store.rows.values()].filter(isWanted).map(textOf))
  assert.deepStrictEqual(
    [...found].sort(),
    [...expected].sort(),
    'the time series is that without trouble',
  )
}

function textOf({ endpointId, recordType, atMs, names, values }: MetricRow): string {
  return JSON.stringify([endpointId, recordType, atMs, names, values])
}
