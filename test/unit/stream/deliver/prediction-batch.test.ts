// What is appended to a batch is what its file holds: the recorded serving events go through decoder,
// row reader and batch into Parquet files, which another reader (hyparquet) reads back row by row.
import assert from 'node:assert'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parquetPath } from '../../../../lib/store/parquet/parquet-path.ts'
import { createParquetSink } from '../../../../lib/store/parquet/parquet-sink.ts'
import { decode } from '../../../../lib/stream/accept/decode.ts'
import type { PredictionCall } from '../../../../lib/stream/accept/event.ts'
import { hourOf, serverForm } from '../../../../lib/stream/accept/parse-when.ts'
import { EndpointSchema } from '../../../../lib/stream/compute/endpoint-schema.ts'
import { RowReader } from '../../../../lib/stream/compute/row-reader.ts'
import { PredictionBatch } from '../../../../lib/stream/deliver/prediction-batch.ts'
import type { Claim } from '../../../../lib/stream/ports.ts'
import { readBack } from '../../store/parquet/read-back.ts'

const BOUNDS = {
  rowsMax: 10_000,
  textCharsMax: 4096,
  nameCharsMax: 512,
  labelsMax: 64,
  whenSkewMaxUs: 600_000_000,
}
const ARRIVED_AT_US = Date.parse('2026-11-03T00:00:00Z') * 1000

const PLAIN_OWNER = {
  errorCount: 0,
  identity: { functionUri: 'p/f', model: 'm', modelClass: null },
  labelTexts: null,
  firstRequest: 'a',
  lastRequestUs: 1,
  lastRequestText: '',
} as const
const PLAIN_CALL = { atUs: 1, latencyUs: 1, requestId: 'r' } as const
const PLAIN_VALUES = {
  features: new Float64Array(),
  featureTexts: [],
  predictions: [1],
  isPredictionNull: false,
} as const
const PLAIN_ROW = {
  offset: 0,
  owner: PLAIN_OWNER,
  call: PLAIN_CALL,
  values: PLAIN_VALUES,
  extras: null,
} as const

interface Expected {
  readonly requestId: string
  readonly atUs: number
  readonly features: unknown
  readonly prediction: unknown
}

/** Appends one call's rows and notes what they say, straight from the event's JSON. */
function appendCall(
  { call, offset, schema }: { call: PredictionCall; offset: number; schema: EndpointSchema },
  batches: Map<string, { batch: PredictionBatch; expected: Expected[] }>,
): void {
  const reader = new RowReader({ featuresMax: 2000, textCharsMax: 4096 })
  for (const [row, input] of call.inputs.entries()) {
    const place = { row, inputNames: call.inputNames, outputNames: call.outputNames }
    assert.equal(reader.read(schema, input, call.outputs[row], place), null)
    const key = `${call.source.model}/${hourOf(call.atUs)}`
    const { columns } = schema.shape
    const open = batches.get(key) ?? { batch: new PredictionBatch(columns, 0), expected: [] }
    batches.set(key, open)
    if (open.batch.columns !== columns) open.batch.setColumns(columns)
    const { functionUri, model } = call.source
    const identity = { functionUri, model, modelClass: call.modelClass }
    const owner = { ...PLAIN_OWNER, identity, firstRequest: call.when, lastRequestUs: call.atUs }
    open.batch.append({ offset, owner, call, values: reader, extras: null })
    open.expected.push({
      requestId: call.requestId,
      atUs: call.atUs,
      features: input,
      prediction: [call.outputs[row]],
    })
  }
}

test('5,001 recorded events: each prediction is in one file, with its values', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'prediction-batch-'))
  const sink = createParquetSink({ root, workerPath: resolve('dist/parquet-worker.js') })
  context.after(async () => {
    await sink.close()
    rmSync(root, { recursive: true })
  })
  const batches = new Map<string, { batch: PredictionBatch; expected: Expected[] }>()
  const schemas = new Map<string, EndpointSchema>()
  const lines = readFileSync('examples/events-2021.jsonl', 'utf8').trim().split('\n')
  assert.equal(lines.length, 5001)
  for (const [offset, line] of lines.entries()) {
    for (const call of decode(Buffer.from(line), ARRIVED_AT_US, BOUNDS)) {
      if (call.kind !== 'prediction') continue
      const schema = schemas.get(call.source.model) ?? new EndpointSchema()
      schemas.set(call.source.model, schema)
      appendCall({ call, offset, schema }, batches)
    }
  }
  let rowCount = 0
  for (const [key, { batch, expected }] of batches) {
    const [model = '', hour] = key.split('/')
    const { first, last } = batch.offsets
    const claim: Claim = {
      log: 'test-log',
      endpointId: model,
      hour: Number(hour),
      number: 1,
      firstOffset: first,
      lastOffset: last,
    }
    assert.deepEqual(await sink.write(batch.toFile(claim)), { kind: 'written' })
    const { rows } = await readBack(join(root, parquetPath('', claim)))
    const got = rows.map((row) => ({
      requestId: row['request_id'],
      atUs: Number(row['timestamp']),
      features: row['named_features'],
      prediction: row['prediction'],
    }))
    assert.deepEqual(got, expected)
    rowCount += rows.length
  }
  assert.equal(batches.size, 12, '4 models in 3 hours')
  assert.equal(rowCount, rowsByJson(lines))
})

/** Rows of the events, counted without any of the code above. */
function rowsByJson(lines: readonly string[]): number {
  let count = 0
  for (const line of lines) {
    const event: {
      error?: string
      headers?: string[]
      values?: { inputs: unknown[] }[][]
      request?: { inputs: unknown[] }
    } = JSON.parse(line)
    if (event.error !== undefined) continue
    for (const call of event.values ?? []) count += call[0]?.inputs.length ?? 0
    count += event.request?.inputs.length ?? 0
  }
  return count
}

test('texts, nulls and lists of a batch keep their places', () => {
  const columns = {
    featureNames: ['colour', 'size'],
    featureKinds: ['text', 'double'] as const,
    predictionKind: 'text' as const,
  }
  const batch = new PredictionBatch(columns, 0)
  const { identity } = PLAIN_OWNER
  const reading = {
    features: Float64Array.of(Number.NaN, 7),
    featureTexts: ['red', null],
    predictions: ['y'],
  }
  for (let offset = 0; offset < 20; offset++) {
    const predictions = offset === 2 ? ['x', null] : ['y']
    const values = { ...reading, predictions, isPredictionNull: offset === 1 }
    const owner = { ...PLAIN_OWNER, identity: { ...identity } }
    batch.append({ ...PLAIN_ROW, offset, owner, values })
  }
  const claim = { log: 'l', endpointId: 'e', hour: 0, number: 1, firstOffset: 0, lastOffset: 19 }
  const file = batch.toFile(claim)
  assert.equal(file.rowCount, 20)
  assert.deepEqual(file.identities, [identity])
  assert.deepEqual(file.predictions, ['y', 'x', null, ...Array.from({ length: 17 }, () => 'y')])
  assert.deepEqual(
    file.featureTexts.get(0),
    Array.from({ length: 20 }, () => 'red'),
  )
  const values = { ...reading, isPredictionNull: true }
  assert.throws(() => batch.append({ ...PLAIN_ROW, offset: 18, values }))
  assert.throws(() => batch.toFile({ ...claim, lastOffset: 18 }))
})

test('request ids and last requests come back as they were, whatever their length and spelling', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.uuid(), fc.string())
  const times = fc.array(fc.record({ id: text, us: fc.nat(), own: fc.boolean() }), { minLength: 1 })
  fc.assert(
    fc.property(times, (rows) => {
      const batch = new PredictionBatch(new EndpointSchema().shape.columns, 0)
      for (const [offset, { id, us, own }] of rows.entries()) {
        batch.append({
          ...PLAIN_ROW,
          offset,
          call: { ...PLAIN_CALL, requestId: id },
          owner: { ...PLAIN_OWNER, lastRequestUs: us, lastRequestText: own ? `at ${us}` : '' },
        })
      }
      const claim = {
        log: 'l',
        endpointId: 'e',
        hour: 0,
        number: 1,
        firstOffset: 0,
        lastOffset: rows.length,
      }
      const file = batch.toFile(claim)
      for (const [index, { id, us, own }] of rows.entries()) {
        assert.equal(file.requestIds[index], id)
        assert.equal(file.lastRequests[index], own ? `at ${us}` : serverForm(us))
      }
    }),
  )
})

test('a column that had no value yet may become one of texts, in features and in predictions', () => {
  const schema = new EndpointSchema()
  schema.nameFeatures(['a'])
  const batch = new PredictionBatch(schema.shape.columns, 0)
  const missing = { ...PLAIN_VALUES, features: Float64Array.of(Number.NaN), predictions: [null] }
  batch.append({ ...PLAIN_ROW, values: missing })
  batch.append({ ...PLAIN_ROW, offset: 1, values: { ...missing, predictions: [null, null] } })
  schema.decideKinds(['text'])
  schema.decidePredictionKind('text')
  batch.setColumns(schema.shape.columns)
  const texts = { ...missing, featureTexts: ['x'], predictions: ['y'] }
  batch.append({ ...PLAIN_ROW, offset: 2, values: texts })
  const file = batch.toFile({
    log: 'l',
    endpointId: 'e',
    hour: 0,
    number: 1,
    firstOffset: 0,
    lastOffset: 2,
  })
  assert.deepEqual(file.featureTexts.get(0), [null, null, 'x'])
  assert.deepEqual(file.predictions, [null, null, null, 'y'])
})
