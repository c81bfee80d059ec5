// Claim: whatever metrics the rows have, a table that drops what is not newer than its series has every
// value of them after the frames were written in their order.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Frame } from 'v3io-js-sdk'
import { frameComplaint, tsdbFrameComplaint } from 'v3io-js-sdk'
import { metricFrames } from '../../../../lib/store/v3io/metric-frames.ts'
import type { MetricRow } from '../../../../lib/stream/ports.ts'

const anyRow = fc.record({
  endpointId: fc.constantFrom('a', 'b', 'c'),
  recordType: fc.constantFrom('base_metrics', 'custom_metrics'),
  gapMs: fc.integer({ min: 1, max: 3 }),
  names: fc.shuffledSubarray(['x', 'y', 'z', 'w']),
  isText: fc.boolean(),
})

/** Rows whose times grow with their series; one metric may be text in one row and a number in another. */
const anyRows: fc.Arbitrary<MetricRow[]> = fc.array(anyRow, { maxLength: 60 }).map((rows) => {
  const lastMs = new Map<string, number>()
  return rows.map(({ gapMs, isText, ...row }, position) => {
    const series = `${row.endpointId} ${row.recordType}`
    const atMs = (lastMs.get(series) ?? 1_700_000_000_000) + gapMs
    lastMs.set(series, atMs)
    const values = row.names.map((name) => (name === 'w' && isText ? `t${position}` : position))
    return { ...row, atMs, values }
  })
})

/** `endpoint type metric` -> what a table of framesd holds: time and value, what is late dropped. */
function stored(frames: readonly Frame[]): Map<string, [number, unknown][]> {
  const table = new Map<string, [number, unknown][]>()
  for (const { columns, indices } of frames) {
    const [time, endpoint, type] = indices.map(({ data }) => data)
    assert(time?.type === 'timeMs' && endpoint?.type === 'string' && type?.type === 'string')
    for (const { name, data } of columns) {
      assert(data.type !== 'null')
      for (const [row, value] of [...data.values].entries()) {
        const series = `${endpoint.values[row]} ${type.values[row]} ${name}`
        const samples = table.get(series) ?? []
        table.set(series, samples)
        const atMs = time.values[row] ?? Number.NaN
        if (atMs > (samples.at(-1)?.[0] ?? 0)) samples.push([atMs, value])
      }
    }
  }
  return table
}

test('no value is dropped, and no cell is without a value', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const frames = metricFrames(rows)
      const expected = new Map<string, [number, unknown][]>()
      for (const { endpointId, recordType, atMs, names, values } of rows) {
        for (const [index, name] of names.entries()) {
          const isText = typeof values[index] === 'string'
          const series = `${endpointId} ${recordType} ${name}${isText ? '_text' : ''}`
          expected.set(series, [...(expected.get(series) ?? []), [atMs, values[index]]])
        }
      }
      assert.deepEqual(stored(frames), expected)
      for (const frame of frames) {
        assert.equal(frameComplaint(frame) ?? tsdbFrameComplaint(frame), null)
        assert.equal(frame.nulls, undefined)
      }
    }),
    { numRuns: 500 },
  )
})

test('rows with the same metrics share a frame, whoever their endpoints are', () => {
  const rows = Array.from({ length: 300 }, (_, index) => ({
    endpointId: `e${index % 100}`,
    recordType: 'base_metrics',
    atMs: 1_700_000_000_000 + index,
    names: ['a', 'b'],
    values: [index, index],
  }))
  const frames = metricFrames(rows)
  assert.equal(frames.length, 1)
  assert.deepEqual(
    frames[0]?.indices.map(({ name }) => name),
    ['timestamp', 'endpoint_id', 'record_type'],
  )
})
