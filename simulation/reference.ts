import assert from 'node:assert'
import { Spool } from '../lib/stream/accept/spool.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import { type LogParts, spoolLog } from '../lib/stream/spool-log.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { type MemoryDisk, memoryDisk } from '../test/support/memory-disk.ts'
import { type MemoryStore, memoryStore } from '../test/support/memory-store.ts'
import { readSpool } from '../test/support/read-spool.ts'
import type { Ledger } from './ledger.ts'
import type { recordsBefore } from './records-before.ts'
import { type ProcessSettings, streamSettingsOf } from './scenario.ts'
import { nextTurn } from './scheduler.ts'

/** What the records of a log come to where nothing goes wrong. */
export interface Reference {
  readonly state: string
  readonly store: MemoryStore
  readonly letters: readonly string[]
  readonly status: ReturnType<Pipeline['status']>
}

const nothing = (): void => undefined

/**
 * Applies a log's records in a process that nothing happens to.
 *
 * @param nowUs   its clock, which stands still
 * @param before  what its store has
 */
export async function referenceOf(
  log: string,
  { records, stages }: Ledger,
  { nowUs, before }: { readonly nowUs: number; readonly before: ReturnType<typeof recordsBefore> },
): Promise<Reference> {
  const disk = memoryDisk()
  const store = memoryStore()
  for (const [id, attributes] of before) store.items.set(id, new Map(attributes))
  const letters: string[] = []
  let first = 0
  for (const [index, { last, settings }] of stages.entries()) {
    append(
      disk,
      records.filter(({ offset }) => offset >= first && offset <= last),
    )
    first = last + 1
    const isLast = last === Number.POSITIVE_INFINITY
    // Before the last one no time passes, so that no endpoint is read again.
    const stageUs = isLast ? nowUs : 0
    const pipeline = await openUndisturbed({
      log,
      // A byte, so that a checkpoint is begun by the first tick.
      parts: spoolLog(disk, {
        segmentBytes: 16 * 1024 * 1024,
        bytesMax: 1,
        syncEvery: false,
        epoch: index + 1,
      }),
      store,
      letters,
      nowUs: stageUs,
      settings,
    })
    await pipeline.catchUp()
    await pipeline.flushAll()
    const reference = {
      state: pipeline.encodeState(),
      store,
      letters,
      status: pipeline.status(),
    }
    if (isLast) return reference
    await becomeBeginning(pipeline, disk, last)
  }
  return assert.fail('the last stage has no end')
}

function append(disk: MemoryDisk, records: Ledger['records']): void {
  const spool = new Spool(disk, { segmentBytes: 16 * 1024 * 1024, syncEvery: false })
  for (const _ of readSpool(spool, nothing));
  for (const record of records) {
    spool.skipTo(record.offset)
    assert.equal(spool.append(record), record.offset)
  }
  spool.close()
}

/** The next stage begins with other settings, after what this one has applied. */
async function becomeBeginning(pipeline: Pipeline, disk: MemoryDisk, last: number): Promise<void> {
  const name = `checkpoint-${String(last).padStart(16, '0')}.jsonl`
  for (let tick = 0; tick < 3 && !disk.files.has(name); tick++) {
    pipeline.tick()
    await nextTurn()
  }
  assert(disk.files.has(name), `no ${name} in the reference`)
  await pipeline.close()
}

/** Opens the pipeline of a log in a process that nothing happens to; its clock stands still. */
export function openUndisturbed({
  log,
  parts,
  store,
  letters,
  nowUs,
  settings,
}: {
  readonly log: string
  readonly parts: LogParts
  readonly store: MemoryStore
  readonly letters: string[]
  readonly nowUs: number
  readonly settings: ProcessSettings
}): Promise<Pipeline> {
  return Pipeline.open({
    log,
    tables: [],
    settings: streamSettingsOf(settings),
    ...parts,
    deadLetterFile: { append: (line) => void letters.push(line), sync: nothing, close: nothing },
    deadLetterLines: [...letters],
    store,
    parquet: store.parquet,
    clock: {
      nowUs: () => nowUs,
      after: (_ms, call) => {
        queueMicrotask(call)
        return nothing
      },
    },
    random: () => 0.5,
    telemetry: new Telemetry({ debug: nothing, info: nothing, warn: nothing, error: nothing }),
  })
}
