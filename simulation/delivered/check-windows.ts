import assert from 'node:assert'
import type { SlowRow } from '../../test/slow/slow-parts.ts'
import { countAt, isLate } from '../../test/slow/slow-windows.ts'
import type { Outcome } from '../check-outcome.ts'
import type { LedgerEntry } from '../ledger.ts'
import { streamSettingsOf } from '../scenario.ts'

/** Windows are those that counting by hand gives: from the events, at the time of the clock. */
export function checkWindows({ world, log, ledger }: Outcome): void {
  // Of an endpoint that has events in several shards the sum is told.
  if (world.scenario.hasSameEndpoints) return
  const { windows, periodMs } = streamSettingsOf(world.scenario.settings).countWindows
  const seconds = windows.map(({ ms }) => ms / 1000)
  const periodSeconds = periodMs / 1000
  const shortest = Math.min(...seconds)
  for (const { endpoint_id: id, predictions_per_second: rate } of log.pipeline?.status()
    .endpoints ?? []) {
    const own = ledger.entries.filter(
      ({ event, isDuplicate, expected }) =>
        !isDuplicate &&
        event.endpointId === id &&
        (expected.outcome === 'accepted' || expected.outcome === 'error'),
    )
    let newest: LedgerEntry | null = null
    const rows: SlowRow[] = []
    for (const entry of own) {
      const timeUs = entry.event.atUs
      if (newest === null || timeUs >= newest.event.atUs) newest = entry
      const windowsOfAll = { seconds, periodSeconds }
      for (const _ of entry.expected.rows) {
        const isLateForCounts = isLate(timeUs, newest.event.atUs, windowsOfAll)
        rows.push({ timeUs, latencyUs: null, weight: 1, isLateForCounts, isLateForAverages: false })
      }
    }
    if (newest === null) continue
    const nowUs = newest.event.atUs + (world.clock.nowUs() - newest.record.arrivedAtUs)
    const count = countAt(rows, nowUs, { seconds: shortest, periodSeconds })
    assert.equal(rate, count / shortest, `predictions a second of ${id} are counted as by hand`)
    world.faults.count('windows counted by hand')
  }
}
