// Claim: what the ledger says of an endpoint's values is what counting by hand gives, whatever is late, refused or
// registered meanwhile, over kills and restarts; and an audit proves it from files and dead letters, and names each
// value that somebody has changed.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AuditReport, audit } from '../../lib/audit/audit.ts'
import { isoTime } from '../../lib/stream/accept/parse-when.ts'
import { type PredictionFile, type QualityCounts, ROW } from '../../lib/stream/ports.ts'
import { auditFactsOf } from '../support/audit-facts.ts'
import { countedStats, numberStats } from '../support/drift-data.ts'
import { START_MS, tickTo } from '../support/drift-stream.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { call, SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

type Value = number | string | null
/** A number's feature, a text's, and what was predicted. */
type Row = readonly [a: Value, t: Value, y: number | null]

type Step =
  | { readonly kind: 'event'; readonly rows: readonly Row[]; readonly atMs: number }
  /** The training set's numbers lie between 0 and that. */
  | { readonly kind: 'register'; readonly most: number }
  | { readonly kind: 'kill' }

const ENV = { SPOOL_SEGMENT_BYTES: '4KiB', PARQUET_BATCHING_TIMEOUT_SECS: '1', SAMPLE_WINDOW: '3' }
const CATEGORIES = new Map([
  ['red', 3],
  ['2', 2],
])

const anyNumber = fc.oneof(fc.integer({ min: -2, max: 12 }), fc.constantFrom(0, 5, 10, 10.5))
const anyRow: fc.Arbitrary<Row> = fc.tuple(
  fc.oneof({ weight: 8, arbitrary: anyNumber }, fc.constant(null), fc.constant('many')),
  fc.constantFrom('red', '2', 2, 3, 'blue', null),
  fc.oneof(anyNumber, fc.constant(null)),
)
const anyEvent = fc.record({
  kind: fc.constant('event' as const),
  rows: fc.array(anyRow, { minLength: 1, maxLength: 3 }),
  // Now and then so late that no pane is left.
  atMs: fc.oneof({ weight: 4, arbitrary: fc.nat(9_000_000) }, fc.nat(60_000)),
})
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: anyEvent },
  fc.record({ kind: fc.constant('register' as const), most: fc.constantFrom(10, 5) }),
  fc.record({ kind: fc.constant('kill' as const) }),
)

function register(store: MemoryStore, most: number): void {
  const item = store.items.get(SERVING_ID) ?? new Map()
  const numbers = numberStats([0, 1, 2, most], true)
  const texts = {
    feature_stats: JSON.stringify({ a: numbers, t: countedStats(CATEGORIES, 5), y: numbers }),
    feature_names: '["a","t"]',
    label_names: '["y"]',
  }
  for (const [name, value] of Object.entries(texts)) item.set(name, { type: 'string', value })
  store.items.set(SERVING_ID, item)
}

/** Counts by hand what became of rows. */
class ByHand {
  most: number | null = null
  rows = 0
  counts: Record<string, number[]> = {}
  /** Types of the two columns that rows go by. */
  #kinds: (string | null)[] = [null, null]

  register(most: number): void {
    if (most === this.most) return
    // The first one names the columns, and types them.
    if (this.most === null) this.#kinds = ['number', 'string']
    this.most = most
    this.rows = 0
    this.counts = {}
  }

  add(row: Row): void {
    const refused = [row[0], row[1]].findIndex(
      (value, column) => typeof value === 'string' && this.#kinds[column] === 'number',
    )
    if (refused >= 0) {
      if (this.most !== null) this.#note(refused === 0 ? 'a' : 't', 1)
      if (this.most !== null) this.rows++
      return
    }
    this.#kinds = this.#kinds.map((kind, column) => {
      const value = row[column] ?? null
      return kind ?? (value === null ? null : typeof value)
    })
    if (this.most === null) return
    this.rows++
    const [a, t, y] = row
    for (const [name, value] of [
      ['a', a],
      ['y', y],
    ] as const) {
      if (value === null) this.#note(name, 0)
      else if (Number(value) < 0 || Number(value) > this.most) this.#note(name, 2)
    }
    if (t === null) this.#note('t', 0)
    else if (!CATEGORIES.has(String(t))) this.#note('t', 3)
  }

  #note(name: string, kind: number): void {
    const counts = this.counts[name] ?? [0, 0, 0, 0]
    counts[kind] = (counts[kind] ?? 0) + 1
    this.counts[name] = counts
  }
}

async function reportOf({ store, deadLetterLines }: TestPipeline): Promise<AuditReport> {
  const letters = deadLetterLines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return await audit(auditFactsOf(store, letters))
}

function qualityIn({ entries }: MemoryStore): QualityCounts | null {
  const lines = [...entries.values()].filter(({ endpointId }) => endpointId === SERVING_ID)
  return lines.sort((one, other) => one.offset - other.offset).at(-1)?.quality ?? null
}

/** Plays the steps, and has everything written. */
async function playSteps(steps: readonly Step[]): Promise<[TestPipeline, ByHand]> {
  const byHand = new ByHand()
  let opened = await openTestPipeline(ENV)
  let nowMs = START_MS
  for (const step of steps) {
    nowMs += 2_000
    await tickTo(opened, nowMs)
    if (step.kind === 'kill') {
      const { store, disk, deadLetterLines, clock } = opened
      await opened.pipeline.close()
      opened = await openTestPipeline(ENV, { store, disk, deadLetterLines, clock })
    } else if (step.kind === 'register') {
      register(opened.store, step.most)
      await opened.pipeline.learn(SERVING_ID)
      byHand.register(step.most)
    } else {
      const when = isoTime((nowMs - step.atMs) * 1000)
      const inputs = step.rows.map(([a, t]) => [a, t])
      const outputs = step.rows.map(([, , y]) => y)
      opened.accept(servingEvent({ when, ...call('r', inputs, outputs) }))
      await nextTurns()
      for (const row of step.rows) byHand.add(row)
    }
  }
  await opened.pipeline.flushAll()
  await opened.pipeline.flushAll()
  return [opened, byHand]
}

test('the ledger says of values what counting by hand gives, and an audit proves it', async () => {
  let [provenCount, lateCount] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
      const [opened, byHand] = await playSteps(steps)
      const quality = qualityIn(opened.store)
      const lines = [...opened.store.entries.values()].filter((line) => line.endpointId !== '')
      if (byHand.rows > 0) {
        assert(quality !== null)
        assert.deepEqual(Object.fromEntries(quality.values), byHand.counts)
        assert.equal(quality.rows, byHand.rows)
      }
      const report = await reportOf(opened)
      assert.deepEqual(report.differences, [])
      if (byHand.rows > 0) {
        assert.equal(report.endpoints[0]?.quality?.state, 'proven')
        provenCount++
      }
      if (lines.length > 0 && steps.some((step) => step.kind === 'event' && step.atMs > 7_200_000))
        lateCount++
      await opened.pipeline.close()
    }),
    { numRuns: 60 },
  )
  assert(provenCount > 20 && lateCount > 20, `${provenCount} proven, ${lateCount} with late rows`)
})

test('a checkpoint has what was counted until then, once', async () => {
  const anyLongRun = fc.array(anyEvent, { minLength: 150, maxLength: 150 })
  let shortenedCount = 0
  await fc.assert(
    fc.asyncProperty(anyLongRun, fc.array(fc.nat(150)), async (events, kills) => {
      const steps: Step[] = [{ kind: 'register', most: 10 }]
      for (const [index, one] of events.entries()) {
        steps.push({ ...one, atMs: one.atMs % 60_000 })
        if (kills.includes(index) || index === 140) steps.push({ kind: 'kill' })
      }
      const [opened, byHand] = await playSteps(steps)
      const quality = qualityIn(opened.store)
      assert.deepEqual(Object.fromEntries(quality?.values ?? []), byHand.counts)
      assert.equal(quality?.rows, byHand.rows)
      const isShortened = opened.disk.list().some((name) => /^checkpoint-\d+\.jsonl$/.test(name))
      if (isShortened) shortenedCount++
      await opened.pipeline.close()
    }),
    { numRuns: 15, endOnFailure: true },
  )
  assert(shortenedCount > 5, `${shortenedCount} logs began with a checkpoint`)
})

/** A run of eight events on a reference, three rows of which have no number. */
async function steadyRun(): Promise<TestPipeline> {
  const steps = Array.from({ length: 8 }, (_, index): Step => {
    const row: Row = [index % 3 === 0 ? null : index, 'red', 1]
    return { kind: 'event', rows: [row, ['many', 'red', 1]], atMs: 0 }
  })
  const [opened] = await playSteps([{ kind: 'register', most: 10 }, ...steps])
  assert.deepEqual((await reportOf(opened)).differences, [])
  return opened
}

function sentences({ differences }: AuditReport): readonly string[] {
  return differences.map(({ kind, what }) => `${kind}: ${what}`)
}

function fileIn({ store }: TestPipeline): PredictionFile {
  const [file] = store.files.values()
  assert(file)
  return file
}

test('a value that somebody has changed in a file is named, with its feature and kind', async () => {
  const opened = await steadyRun()
  const offset = lastOffset(opened)
  // The second row is that of the second event: its number is 1.
  const file = fileIn(opened)
  const stride = ROW.features + file.featureNames.length
  const at = stride + ROW.features + file.featureNames.indexOf('a')
  file.numbers[at] = 11
  assert.deepEqual(sentences(await reportOf(opened)), [
    `values-differ: Of the feature "a" 0 values were counted as out_of_range up to offset ${offset}, and 1 are there.`,
  ])
  file.numbers[at] = Number.NaN
  assert.deepEqual(sentences(await reportOf(opened)), [
    `values-differ: Of the feature "a" 3 values were counted as missing up to offset ${offset}, and 4 are there.`,
  ])
  await opened.pipeline.close()
})

function lastOffset({ store }: TestPipeline): number {
  return Math.max(...[...store.entries.values()].map(({ offset }) => offset))
}

test('a stream that has counted a value twice, or a row not at all, is found', async () => {
  const opened = await steadyRun()
  const { entries } = opened.store
  const offset = lastOffset(opened)
  for (const [key, line] of entries) {
    if (line.quality === null) continue
    const values = line.quality.values.map(
      ([name, [missing = 0, wrongType = 0, ...others]]) =>
        [name, [missing, wrongType + 1, ...others]] as const,
    )
    entries.set(key, { ...line, quality: { ...line.quality, rows: line.quality.rows - 1, values } })
  }
  assert.deepEqual(sentences(await reportOf(opened)), [
    `values-differ: The values of 15 rows were counted up to offset ${offset}, 16 rows are there.`,
    `values-differ: Of the feature "a" 9 values were counted as wrong_type up to offset ${offset}, and 8 are there.`,
  ])
  await opened.pipeline.close()
})

test('rows that the Parquet sink has refused are counted from their dead letters', async () => {
  const opened = await openTestPipeline(ENV)
  register(opened.store, 10)
  opened.store.outcomes.parquet.push({ kind: 'rejected', reason: 'no' })
  const rows: readonly Row[] = [
    [11, 'blue', null],
    [1, null, 1],
  ]
  opened.accept(
    servingEvent(
      call(
        'r',
        rows.map(([a, t]) => [a, t]),
        rows.map(([, , y]) => y),
      ),
    ),
  )
  await nextTurns()
  await opened.pipeline.flushAll()
  await opened.pipeline.flushAll()
  assert.equal(opened.store.files.size, 0)
  const report = await reportOf(opened)
  assert.deepEqual(report.differences, [])
  assert.deepEqual(report.endpoints[0]?.quality, {
    state: 'proven',
    offset: lastOffset(opened),
    rows: 2,
    values: { missing: 2, wrong_type: 0, out_of_range: 1, unseen: 1 },
  })
  await opened.pipeline.close()
})

test('what cannot be counted again is said to be so, and is no difference', async () => {
  const opened = await steadyRun()
  const proof = async (): Promise<unknown> => {
    const { differences, endpoints } = await reportOf(opened)
    assert.deepEqual(differences, [])
    return endpoints[0]?.quality
  }
  // The record has another training set, which the stream has not read yet.
  const item = opened.store.items.get(SERVING_ID)
  const before = item?.get('feature_stats')
  register(opened.store, 5)
  assert.deepEqual(await proof(), { state: 'unproven', reason: 'other-reference' })
  if (before !== undefined) item?.set('feature_stats', before)
  // A prediction's values have another name: of those before nobody can tell what they were.
  item?.set('label_names', { type: 'string', value: '["z"]' })
  await opened.pipeline.learn(SERVING_ID)
  await opened.pipeline.learn(SERVING_ID)
  opened.accept(servingEvent(call('r', [[1, 'red']])))
  await nextTurns()
  await opened.pipeline.flushAll()
  await opened.pipeline.flushAll()
  assert.equal(await proof(), null)
  await opened.pipeline.close()
})
