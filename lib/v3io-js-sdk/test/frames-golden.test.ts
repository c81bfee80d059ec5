// The recorded requests of a known client, call by call: ours makes the same request, byte by byte
// where it is binary, and understands the recorded answer.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FramesClient } from '../src/frames-client.ts'
import { type Column, columnRows, type Frame, msOf } from '../src/frames-types.ts'
import { V3ioError } from '../src/index.ts'
import { collect } from './support/clients.ts'
import { startFrames } from './support/frames-server.ts'

const FOLDER = join(process.cwd(), 'lib/v3io-js-sdk/test/golden')
const EVENTS = { backend: 'tsdb', table: 'default/model-endpoints/events' } as const
const ENDPOINTS = { backend: 'kv', table: 'default/model-endpoints/endpoints' } as const
const AT_NS = 1_622_541_600_000_000_000n

const rows: Frame = {
  columns: [
    { name: 'predictions_per_second', data: { type: 'double', values: [1.5, 2.5, -0.125] } },
    { name: 'predictions_count_5m', data: { type: 'int', values: [10, 20, 2 ** 53 - 1] } },
    { name: 'status', data: { type: 'string', values: ['ok', 'ok', 'héllo'] } },
  ],
  indices: [
    {
      name: 'timestamp',
      data: { type: 'timeMs', values: [1_622_541_600_000, 1_622_541_600_250, 1_622_541_660_000] },
    },
    { name: 'endpoint_id', data: { type: 'string', values: ['ep1', 'ep1', 'ep2'] } },
    {
      name: 'record_type',
      data: { type: 'string', values: ['base_metrics', 'base_metrics', 'base_metrics'] },
    },
  ],
}

const calls: Readonly<Record<string, (client: FramesClient) => Promise<void>>> = {
  frames_version: async (client) => assert.equal(await client.version(), 'unknown'),
  frames_tsdb_create: (client) => client.create({ ...EVENTS, rate: '10/m', ifExists: 'ignore' }),
  frames_tsdb_write: async (client) => {
    const written = await client.write({ ...EVENTS, frames: [rows] })
    assert.deepEqual(written, { frameCount: 1, rowCount: 3 })
  },
  frames_tsdb_write_labels: async (client) => {
    const frame: Frame = {
      columns: [{ name: 'predictions_per_second', data: { type: 'double', values: [-0.125] } }],
      indices: [{ name: 'timestamp', data: { type: 'timeMs', values: [1_622_541_660_000] } }],
      labels: new Map([
        ['endpoint_id', 'ep9'],
        ['record_type', 'base_metrics'],
      ]),
    }
    const written = await client.write({ ...EVENTS, frames: [frame] })
    assert.deepEqual(written, { frameCount: 1, rowCount: 1 })
  },
  frames_tsdb_write_error: async (client) => {
    await assert.rejects(client.write({ ...EVENTS, frames: [rows] }), (error) => {
      assert(error instanceof V3ioError)
      assert.equal(error.code, 'forbidden')
      assert.match(error.message, /answered 500 to .write: write error: .*403 Forbidden/)
      assert(!error.message.includes('\n'))
      return true
    })
  },
  frames_tsdb_read_all: async (client) => {
    const read = { ...EVENTS, start: '1622541600000', end: '1622545200000' }
    const frames = await collect(client.read(read))
    const all = frames.flatMap((frame) => cellsOf(frame))
    assert(all.includes('1622541660000 ep2 status=héllo'))
    assert(all.includes('1622541600000 ep1 predictions_per_second=1.5'))
    assert(all.includes('1622541660000 ep2 predictions_count_5m=9007199254740991'))
  },
  frames_tsdb_read_aggregate: async (client) => {
    const read = {
      ...EVENTS,
      columns: ['predictions_per_second'],
      aggregators: 'avg,count,max',
      step: '1m',
      start: '2021-06-01T10:00:00Z',
      end: '2021-06-01T11:00:00Z',
    }
    const all = (await collect(client.read(read))).flatMap((frame) => cellsOf(frame))
    assert(all.includes('1622541600000 ep1 avg(predictions_per_second)=2'))
  },
  frames_tsdb_read_filter_multi_index: async (client) => {
    const read = {
      ...EVENTS,
      columns: ['predictions_per_second'],
      filter: "endpoint_id=='ep1'",
      start: '2021-06-01T10:00:00Z',
      end: '2021-06-01T11:00:00Z',
      multiIndex: true,
    }
    const [frame, ...others] = await collect(client.read(read))
    assert.equal(others.length, 0)
    assert(frame !== undefined)
    assert.deepEqual(
      frame.indices.map(({ name, constantRows }) => [name, constantRows]),
      [
        ['time', undefined],
        ['endpoint_id', 2],
        ['record_type', 2],
      ],
    )
    assert.deepEqual(frame.columns, [
      {
        name: 'predictions_per_second',
        data: { type: 'double', values: Float64Array.of(1.5, 2.5) },
      },
    ])
  },
  frames_tsdb_read_error: async (client) => {
    const reading = collect(client.read({ backend: 'tsdb', table: 'no/such' }))
    await assert.rejects(reading, { code: 'not-found', message: /No TSDB schema file found/ })
  },
  frames_tsdb_delete: (client) => client.delete(EVENTS),
  frames_tsdb_delete_range: (client) =>
    client.delete({
      ...EVENTS,
      start: '0',
      end: '1622541600100',
      metrics: ['predictions_per_second'],
    }),
  frames_kv_write: async (client) => {
    const frame: Frame = {
      columns: [
        { name: 'model', data: { type: 'string', values: ['m:1', ''] } },
        { name: 'count', data: { type: 'int', values: [1n, 2n] } },
        { name: 'latency', data: { type: 'double', values: [0.5, 0] } },
        { name: 'active', data: { type: 'boolean', values: [true, false] } },
        { name: 'first_request', data: { type: 'timeNs', values: [AT_NS, AT_NS] } },
      ],
      indices: [{ name: 'endpoint_id', data: { type: 'string', values: ['ep1', 'ep2'] } }],
      nulls: [new Set(), new Set(['latency', 'model'])],
    }
    await client.write({ ...ENDPOINTS, frames: [frame], saveMode: 'overwriteItem' })
  },
  frames_kv_write_update_condition: async (client) => {
    const frame: Frame = {
      columns: [{ name: 'count', data: { type: 'int', values: [1, 2] } }],
      indices: [{ name: 'endpoint_id', data: { type: 'string', values: ['ep1', 'ep2'] } }],
    }
    await client.write({
      ...ENDPOINTS,
      frames: [frame],
      saveMode: 'updateItem',
      condition: '{count} > count',
    })
  },
  frames_kv_read: async (client) => {
    const [frame] = await collect(client.read(ENDPOINTS))
    // As texts, because two kinds of NaN are not equal.
    const shown = frame?.columns.map(({ name, data }) =>
      data.type === 'null' ? name : `${name} ${data.type} ${[...data.values]}`,
    )
    assert.deepEqual(shown, [
      'model string m:1,',
      'count int 1,2',
      'latency double 0.5,NaN',
      'active boolean true,false',
      `first_request timeNs ${AT_NS},${AT_NS}`,
    ])
    assert.deepEqual(frame?.nulls, [new Set(), new Set(['model', 'latency'])])
  },
  frames_kv_delete: (client) => client.delete(ENDPOINTS),
  frames_kv_exec_infer_schema: async (client) => {
    assert.equal(await client.execute({ ...ENDPOINTS, command: 'infer_schema' }), null)
  },
  frames_kv_exec_infer_schema_key: async (client) => {
    const args = { key: 'endpoint_id' }
    assert.equal(await client.execute({ ...ENDPOINTS, command: 'infer_schema', args }), null)
  },
}

/** Every value of a frame: time, endpoint, metric and value. */
function cellsOf(frame: Frame): string[] {
  const [time] = frame.indices
  assert(time?.data.type === 'timeNs')
  const times = [...time.data.values].map((ns) => msOf(ns))
  const endpoint = String(frame.labels?.get('endpoint_id'))
  return frame.columns.flatMap((column) => {
    assert.equal(columnRows(column), times.length)
    return times.map((atMs, row) => `${atMs} ${endpoint} ${column.name}=${cellOf(column, row)}`)
  })
}

function cellOf({ data, constantRows }: Column, row: number): unknown {
  return data.type === 'null' ? null : data.values[constantRows === undefined ? row : 0]
}

test('every recorded call has its test', () => {
  const names = readdirSync(FOLDER).filter((name) => /^frames_.*\.json$/.test(name))
  assert.deepEqual(names.map((name) => name.slice(0, -5)).sort(), Object.keys(calls).sort())
})

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: the recorded request is made, its answer understood`, async () => {
    const recorded = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'))
    const [requestBytes, responseBytes] = ['request', 'response'].map((part) =>
      readFileSync(join(FOLDER, `${name}.${part}.bin`)),
    )
    assert(requestBytes !== undefined && responseBytes !== undefined)
    const { status } = recorded.response
    const { client, requests } = await startFrames([{ status, body: responseBytes }], {
      accessKey: keyOf(recorded.request),
    })
    await call(client)
    const [request] = requests
    assert(request !== undefined)
    assert.equal(request.path, recorded.request.path)
    if (recorded.request.path === '/write') {
      assert.equal(request.body.toString('hex'), requestBytes.toString('hex'))
    } else {
      assert.deepEqual(JSON.parse(request.body.toString()), JSON.parse(requestBytes.toString()))
    }
    assert.equal(request.headers['x-v3io-session-key'], undefined)
    assert.equal(request.headers['authorization'], undefined)
  })
}

/** One call was recorded with another key. */
function keyOf(request: { readonly messages?: readonly { readonly decoded: unknown }[] }): string {
  return JSON.stringify(request).includes('"bad"') ? 'bad' : 'test-access-key'
}
