import assert from 'node:assert'
import { Spool } from '../lib/stream/accept/spool.ts'
import type { SpoolRecord } from '../lib/stream/accept/spool-format.ts'
import { memoryDisk } from '../test/support/memory-disk.ts'
import { readSpool } from '../test/support/read-spool.ts'
import { type Expectation, expectationOf, isAhead, type SentEvent } from './events.ts'
import type { ProcessSettings } from './scenario.ts'
import type { SimulatedLog, Start } from './simulated-log.ts'

export type EventRecord = Extract<SpoolRecord, { kind: 'event' }>

/** An event of a log, and what must have come of it. */
export interface LedgerEntry {
  readonly record: EventRecord
  readonly event: SentEvent
  readonly isDuplicate: boolean
  readonly expected: Expectation
  /** Whether settings that changed decide about it: then a replay may see it in another way. */
  readonly isDoubtful: boolean
}

/** A part of a log and the settings that its state has been computed with. */
export interface Stage {
  /** Offset of its last record; infinite for the part that is not in any checkpoint. */
  readonly last: number
  readonly settings: ProcessSettings
}

/** All records that a log ever had, and what they must have come to. */
export interface Ledger {
  readonly records: readonly SpoolRecord[]
  readonly entries: readonly LedgerEntry[]
  readonly stages: readonly Stage[]
}

/**
 * Reads a log as a whole, removed segments included, and works out by hand what must come of it.
 *
 * @param sentByBody  all events of the run, by their bodies
 */
export function ledgerOf(log: SimulatedLog, sentByBody: ReadonlyMap<string, SentEvent>): Ledger {
  const records = recordsOf(log)
  const stages = stagesOf(log.starts)
  const skews = log.settingsEver.map(({ whenSkewMaxSecs }) => whenSkewMaxSecs * 1_000_000)
  const [least, most] = [Math.min(...skews), Math.max(...skews)]
  const highest = new Map<string, number>()
  const entries = records.flatMap((record): LedgerEntry[] => {
    if (record.kind !== 'event') return []
    const { offset, position, arrivedAtUs } = record
    const event = sentByBody.get(Buffer.from(record.body).toString())
    assert(event !== undefined, `record ${offset} of the log is nothing that was sent`)
    const isDuplicate = position !== null && position.offset <= (highest.get(position.shard) ?? -1)
    if (position !== null && !isDuplicate) highest.set(position.shard, position.offset)
    const skewMaxUs = settingsAt(stages, offset).whenSkewMaxSecs * 1_000_000
    return [
      {
        record,
        event,
        isDuplicate,
        expected: expectationOf(event, arrivedAtUs, skewMaxUs),
        isDoubtful:
          event.rows.length > 0 &&
          isAhead(event, arrivedAtUs, least) !== isAhead(event, arrivedAtUs, most),
      },
    ]
  })
  return { records, entries, stages }
}

function recordsOf(log: SimulatedLog): readonly SpoolRecord[] {
  const whole = memoryDisk()
  for (const [name, bytes] of log.disk.segmentsEver) whole.files.set(name, Uint8Array.from(bytes))
  const spool = new Spool(whole, { segmentBytes: 1024 * 1024, syncEvery: false })
  // Damage is what writes that failed have left in the middle.
  return [...readSpool(spool, () => undefined)]
}

/**
 * What a checkpoint holds was computed by the last process that began before it; what is after the last
 * checkpoint, by the last process of all.
 */
function stagesOf(starts: readonly Start[]): readonly Stage[] {
  const stages = starts.flatMap(({ beginning, settings }, index): Stage[] => {
    const next = starts[index + 1]
    if (next === undefined) return [{ last: Number.POSITIVE_INFINITY, settings }]
    return next.beginning > beginning ? [{ last: next.beginning, settings }] : []
  })
  // Only these settings decide about values.
  return stages.filter(({ settings }, index) => {
    const next = stages[index + 1]
    return next === undefined || next.settings.whenSkewMaxSecs !== settings.whenSkewMaxSecs
  })
}

function settingsAt(stages: readonly Stage[], offset: number): ProcessSettings {
  const stage = stages.find(({ last }) => offset <= last)
  assert(stage !== undefined, 'the last stage has no end')
  return stage.settings
}
