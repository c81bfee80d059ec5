// What others wrote into an endpoint's record is honoured: names, types, counts, and which of two ids a model
// without version has. A changed record is met within a minute, and no file mixes old columns with new ones.
import assert from 'node:assert'
import { test } from 'node:test'
import { endpointIdOf } from '../../../lib/stream/accept/endpoint-id.ts'
import { StreamError } from '../../../lib/stream/errors.ts'
import type { PredictionFile } from '../../../lib/stream/ports.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { rowsOfFile } from '../../support/rows-of-file.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../support/test-pipeline.ts'

const SECOND_US = 1_000_000

/** Writes attributes into an endpoint's record, as somebody else does. */
function register(
  { items }: Pick<MemoryStore, 'items'>,
  attributes: Readonly<Record<string, string | number>>,
  endpointId = SERVING_ID,
): void {
  const item = items.get(endpointId) ?? new Map()
  for (const [name, value] of Object.entries(attributes)) {
    item.set(name, typeof value === 'string' ? { type: 'string', value } : { type: 'int', value })
  }
  items.set(endpointId, item)
}

/** A pipeline that counts the reads of its store. */
async function opened(env: Readonly<Record<string, string>> = {}) {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1', ...env })
  const { read } = own.store.records
  const reads: (readonly string[])[] = []
  Object.assign(own.store.records, {
    read: (ids: readonly string[]) => {
      reads.push(ids)
      return read(ids)
    },
  })
  return { ...own, reads }
}

async function tick({ clock, pipeline }: TestPipeline, afterSecs: number): Promise<void> {
  clock.timeUs += afterSecs * SECOND_US
  pipeline.tick()
  await nextTurns()
}

function namedFeatures(files: Iterable<PredictionFile>): readonly unknown[] {
  return [...files].flatMap((file) => rowsOfFile(file).map((row) => row['named_features']))
}

function textIn({ store }: TestPipeline, name: string): unknown {
  return store.items.get(SERVING_ID)?.get(name)?.value
}

test('names and types of a training set are those of the columns', async () => {
  const own = await opened()
  register(own.store, {
    feature_names: '["size", "colour", "y"]',
    label_columns: '["y"]',
    feature_stats: JSON.stringify({ size: { mean: 1 }, colour: { unique: 2, top: 'red' } }),
  })
  own.accept(servingEvent(call('a', [[1, 7]])))
  own.accept(servingEvent(call('b', [['big', 'red']])))
  own.accept(servingEvent(call('c', [{ colour: 'blue', size: 3 }])))
  await nextTurns()
  await own.pipeline.flushAll()
  assert.deepEqual(namedFeatures(own.store.files.values()), [
    { size: 1, colour: '7' },
    { size: 3, colour: 'blue' },
  ])
  assert.deepEqual(own.pipeline.status().rejections, { 'text-for-number': 1 })
  const row = [...own.store.rows.values()].find((one) => one.recordType === 'endpoint_features')
  assert.deepEqual(row?.names, ['size', 'colour', 'prediction', 'y'])
  // Names that the record has are not written again.
  const written = own.store.updates.flatMap(({ attributes }) => [...attributes.keys()])
  assert.deepEqual(
    written.filter((name) => /names|label_columns|stats/.test(name)),
    [],
  )
})

test('without names in the record they are made up, and written for others to read (D29)', async () => {
  const own = await opened()
  own.accept(servingEvent(call('a', [[1, 2]], [[3, 4]])))
  await nextTurns()
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
  assert.equal(textIn(own, 'label_names'), '["p0", "p1"]')
  assert.equal(textIn(own, 'label_columns'), '["p0", "p1"]')
})

test('errors and the first request go on from what the record says', async () => {
  const own = await opened()
  register(own.store, { error_count: 41, first_request: whenAt('07:00:00', '2026-10-01') })
  own.accept(servingEvent({ error: 'boom' }))
  own.accept(servingEvent())
  await nextTurns()
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'error_count'), 42)
  assert.equal(textIn(own, 'first_request'), whenAt('07:00:00', '2026-10-01'))
  const [file] = own.store.files.values()
  assert(file !== undefined)
  assert.deepEqual(
    rowsOfFile(file).map((row) => [row['error_count'], row['first_request']]),
    [[42, whenAt('07:00:00', '2026-10-01')]],
  )
})

test('what the record holds of our own and cannot be right is as if it were not there', async () => {
  const own = await opened()
  register(own.store, { error_count: 'many', first_request: 'once', feature_names: '[1' })
  own.accept(servingEvent({ error: 'boom' }))
  own.accept(servingEvent())
  await nextTurns()
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'error_count'), 1)
  assert.equal(textIn(own, 'first_request'), whenAt('08:00:00'))
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
})

test('a model without version has the id that has a record, else that of the setting (D3)', async () => {
  const none = endpointIdOf('p/f', 'm') ?? ''
  const latest = endpointIdOf('p/f', 'm:latest') ?? ''
  const v2 = endpointIdOf('p/f', 'm:v2') ?? ''
  const cases: readonly (readonly [string, readonly string[], string, string])[] = [
    ['latest', [], latest, 'm:latest'],
    ['latest', [none], none, 'm'],
    ['latest', [latest], latest, 'm:latest'],
    ['latest', [none, latest], latest, 'm:latest'],
    ['', [], none, 'm'],
    ['', [none], none, 'm'],
    ['', [latest], latest, 'm:latest'],
    ['', [none, latest], none, 'm'],
    ['v2', [], v2, 'm:v2'],
    ['v2', [none], none, 'm'],
  ]
  for (const [setting, records, endpointId, model] of cases) {
    const own = await opened({ DEFAULT_VERSION: setting })
    for (const id of records) register(own.store, { feature_names: '["a", "b"]' }, id)
    for (const version of ['', null, undefined]) {
      own.accept(servingEvent({ function_uri: 'p/f', version }))
      await nextTurns()
    }
    await own.pipeline.flushAll()
    const { endpoints } = own.pipeline.status()
    assert.deepEqual(
      endpoints.map((one) => [one.endpoint_id, one.model, one.predictions]),
      [[endpointId, model, 3]],
      `${setting} ${records.length}`,
    )
    assert.equal(own.store.items.get(endpointId)?.get('model')?.value, model)
  }
})

test('two spellings of one endpoint are one endpoint, whichever comes first', async () => {
  for (const isTurned of [false, true]) {
    const own = await opened()
    const spellings = [
      servingEvent({ function_uri: 'p/f:v1', model: 'm:v1', version: '' }),
      servingEvent({ function_uri: 'p/f@hash:v1' }),
      servingEvent({ endpoint_id: SERVING_ID }),
    ]
    for (const event of isTurned ? spellings.reverse() : spellings) own.accept(event)
    await nextTurns()
    await own.pipeline.flushAll()
    const { endpoints } = own.pipeline.status()
    assert.deepEqual(
      endpoints.map((one) => [one.endpoint_id, one.predictions]),
      [[SERVING_ID, 3]],
    )
    assert.equal(own.store.files.size, 1)
  }
})

test('a registration with other names cuts the open batch: no file mixes columns', async () => {
  const own = await opened()
  register(own.store, { feature_names: '["a", "b"]' })
  own.accept(servingEvent(call('1', [[1, 2]])))
  await tick(own, 1)
  own.accept(servingEvent(call('2', [[1, 2]])))
  register(own.store, { feature_names: '["b", "c"]' })
  await tick(own, 60)
  own.accept(servingEvent(call('3', [[3, 4]])))
  await own.pipeline.flushAll()
  const files = [...own.store.files.values()]
  assert.deepEqual(
    files.map(({ featureNames, rowCount }) => [[...featureNames], rowCount]),
    [
      [['a', 'b'], 2],
      [['a', 'b', 'c'], 1],
    ],
  )
  assert.deepEqual(namedFeatures(files.slice(1)), [{ a: null, b: 3, c: 4 }])
  const last = [...own.store.rows.values()].filter((row) => row.recordType === 'endpoint_features')
  assert.deepEqual(last.at(-1)?.names, ['b', 'c', 'prediction', 'p0'])
})

test('the same names in another order move the values and cut nothing', async () => {
  const own = await opened()
  register(own.store, { feature_names: '["a", "b"]' })
  own.accept(servingEvent(call('1', [[1, 2]])))
  await tick(own, 1)
  own.accept(servingEvent(call('2', [[1, 2]])))
  register(own.store, { feature_names: '["b", "a"]' })
  await tick(own, 60)
  own.accept(servingEvent(call('3', [[1, 2]])))
  await own.pipeline.flushAll()
  assert.equal(own.store.files.size, 1)
  assert.deepEqual(namedFeatures(own.store.files.values()), [
    { a: 1, b: 2 },
    { a: 1, b: 2 },
    { a: 2, b: 1 },
  ])
})

test('names that a registration has emptied are written again, without another sample (D22)', async () => {
  const own = await opened()
  own.accept(servingEvent())
  await nextTurns()
  await tick(own, 2)
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
  await tick(own, 60)
  own.accept(servingEvent({ error: 'boom' }))
  await tick(own, 2)
  const updateCount = own.store.updates.length
  register(own.store, { feature_names: '[]', label_names: '[]', label_columns: '[]' })
  await tick(own, 60)
  await tick(own, 1)
  assert.equal(own.store.updates.length, updateCount + 1)
  for (const name of ['label_names', 'label_columns']) assert.equal(textIn(own, name), '["p0"]')
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
})

test('names that were registered before the first refresh are not written over', async () => {
  const own = await opened()
  own.accept(servingEvent())
  await nextTurns()
  await tick(own, 2)
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
  register(own.store, { feature_names: '["a", "b"]', label_names: '["y"]' })
  for (let count = 0; count < 60; count++) {
    own.accept(servingEvent())
    await tick(own, 1)
  }
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), '["a", "b"]')
  assert.equal(textIn(own, 'label_names'), '["y"]')
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.deepEqual(namedFeatures(own.store.files.values()).at(-1), {
    f0: null,
    f1: null,
    a: 1,
    b: 2,
  })
})

test('generated names that were not taken are written with the next try, and once more after a refresh', async () => {
  const own = await opened()
  own.store.outcomes.kv.push({ kind: 'retry', reason: 'away' })
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
  own.store.items.get(SERVING_ID)?.delete('feature_names')
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), undefined)
  await tick(own, 61)
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), '["f0", "f1"]')
})

test('a record that somebody says was changed is read at once, if there is such an endpoint', async () => {
  const own = await opened()
  own.accept(servingEvent())
  await nextTurns()
  register(own.store, { feature_names: '["a", "b"]' })
  await own.pipeline.learn('nobody')
  await own.pipeline.learn(SERVING_ID)
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.equal(textIn(own, 'feature_names'), '["a", "b"]')
})

test('a record is read once, then at most once a minute, and only while there is traffic', async () => {
  const own = await opened()
  own.accept(servingEvent())
  await nextTurns()
  await tick(own, 0)
  assert.equal(own.reads.length, 2)
  for (let count = 0; count < 59; count++) {
    own.accept(servingEvent())
    await tick(own, 1)
  }
  assert.equal(own.reads.length, 2)
  await tick(own, 1)
  assert.equal(own.reads.length, 3)
  for (let count = 0; count < 10; count++) await tick(own, 61)
  assert.equal(own.reads.length, 3)
  own.accept(servingEvent({ when: whenAt('08:00:01') }))
  await tick(own, 61)
  assert.equal(own.reads.length, 4)
})

test('a record that says the same adds nothing to the log', async () => {
  const own = await opened()
  register(own.store, { feature_names: '["a", "b"]', label_names: '["y"]' })
  own.accept(servingEvent())
  await nextTurns()
  const sizeOf = (): number =>
    [...own.disk.files].reduce((sum, [name, { length }]) => {
      return name.endsWith('.spool') ? sum + length : sum
    }, 0)
  const before = sizeOf()
  register(own.store, { last_request: 'later', state: 'ready', error_count: 5 })
  await tick(own, 61)
  await tick(own, 61)
  assert(own.reads.length > 1)
  assert.equal(sizeOf(), before)
})

test('many new endpoints are read some at a time, each once, and trouble is tried again', async () => {
  const own = await opened()
  own.store.failures.push(new StreamError('store-unavailable', 'away'))
  for (let index = 0; index < 250; index++) own.accept(servingEvent({ model: `m${index}` }))
  await own.pipeline.flushAll()
  const counts = own.reads.map((ids) => ids.length)
  // The first round goes out with the first event alone, and fails.
  assert.deepEqual(counts, [1, 1, 100, 100, 49])
  assert.equal(own.pipeline.status().rows.accepted, 250)
})
