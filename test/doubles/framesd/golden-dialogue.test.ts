// The recorded requests of the real Python client, sent to the double in the order of one dialogue,
// get the answers that the real framesd gave: compared after decoding, series and columns in any
// order.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startV3ioDouble } from '../v3io/v3io-double.ts'
import { readableFrame } from './frames-messages.ts'
import { startFramesdDouble } from './framesd-double.ts'
import { framedMessages } from './framing.ts'
import { KEY, send, TABLE, type TestAnswer } from './test-client.ts'

const FOLDER = 'test/golden/v3io'
// The recorded framesd was configured with this one.
const RECORDED_URL = 'http://127.0.0.1:18081'

interface Golden {
  readonly request: { readonly method: string; readonly path: string; readonly body?: unknown }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body?: unknown
  }
}

async function replay(url: string, name: string): Promise<{ golden: Golden; answer: TestAnswer }> {
  const golden = JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as Golden
  const { method, path } = golden.request
  const body = readFileSync(`${FOLDER}/${name}.request.bin`)
  const headers = path === '/write' ? { 'content-encoding': 'chunked' } : {}
  return { golden, answer: await send(url, { path, method, body, headers }) }
}

async function replayAndCompare(url: string, name: string): Promise<void> {
  const { golden, answer } = await replay(url, name)
  assert.equal(answer.status, golden.response.status, name)
  assert.equal(answer.headers['content-type'], golden.response.headers['Content-Type'], name)
  const recorded = readFileSync(`${FOLDER}/${name}.response.bin`)
  if (golden.request.path === '/read') {
    assert.equal(answer.headers['transfer-encoding'], 'chunked', name)
    assert.deepEqual(comparable(answer.body), comparable(recorded), name)
  } else {
    // Also the end of line behind the JSON.
    assert.equal(answer.body.toString(), recorded.toString(), name)
  }
}

/** Frames with their columns by name, in the order of their text. */
function comparable(body: Buffer): readonly string[] {
  return [...framedMessages(body)]
    .map((bytes) => {
      const frame = readableFrame(bytes) as Record<string, { name: string }[] | undefined>
      const columns = [...(frame['columns'] ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
      return JSON.stringify(sortedKeys({ ...frame, columns }), numbersAsText)
    })
    .sort()
}

/** JSON would make null of NaN and of infinity. */
function numbersAsText(_: string, value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedKeys(inner)]))
}

test('the recorded dialogue with the TSDB gets the recorded answers', async () => {
  const double = await startFramesdDouble({ accessKey: KEY, webApiUrl: RECORDED_URL })
  try {
    for (const step of ['version', 'tsdb_create', 'tsdb_write', 'tsdb_write_labels']) {
      await replayAndCompare(double.url, `frames_${step}`)
    }
    assert.deepEqual(double.tables('projects'), [TABLE])
    for (const step of ['aggregate', 'all', 'filter_multi_index', 'error']) {
      await replayAndCompare(double.url, `frames_tsdb_read_${step}`)
    }
    await replayAndCompare(double.url, 'frames_tsdb_delete_range')
    const left = double.series('projects', TABLE)
    const ep1 = 'predictions_per_second{endpoint_id=ep1,record_type=base_metrics}'
    assert.deepEqual(left.get(ep1), [{ atMs: 1622541600250, value: 2.5 }])
    await replayAndCompare(double.url, 'frames_tsdb_delete')
    assert.deepEqual(double.tables('projects'), [])
    assert.deepEqual([double.dropped, double.deaths], [[], []])
  } finally {
    await double.close()
  }
})

test('a wrong key is refused with the words of the recorded framesd', async () => {
  const double = await startFramesdDouble({ accessKey: KEY, webApiUrl: RECORDED_URL })
  try {
    await replayAndCompare(double.url, 'frames_tsdb_create')
    const { golden, answer } = await replay(double.url, 'frames_tsdb_write_error')
    assert.equal(answer.status, golden.response.status)
    assert.equal(answer.headers['content-type'], golden.response.headers['Content-Type'])
    const until = /^.*HTTP\/1\.1 403 Forbidden\r\n/
    assert.equal(
      until.exec(answer.body.toString())?.[0],
      until.exec(String(golden.response.body))?.[0],
    )
    assert.equal(double.series('projects', TABLE).size, 0)
  } finally {
    await double.close()
  }
})

test('the recorded dialogue with kv gets the recorded answers, over a web API', async () => {
  const v3io = await startV3ioDouble({ accessKey: KEY })
  const double = await startFramesdDouble({ accessKey: KEY, webApiUrl: v3io.url })
  try {
    for (const step of [
      'write',
      'write_update_condition',
      'exec_infer_schema',
      'exec_infer_schema_key',
      'read',
      'delete',
    ]) {
      await replayAndCompare(double.url, `frames_kv_${step}`)
    }
    assert.deepEqual(v3io.paths('projects'), [])
  } finally {
    await double.close()
    await v3io.close()
  }
})

test('requests are recorded with what they say', async () => {
  const double = await startFramesdDouble({ accessKey: KEY })
  try {
    await replay(double.url, 'frames_tsdb_create')
    await replay(double.url, 'frames_tsdb_write_labels')
    const [created, written] = double.requests
    assert.deepEqual([created?.path, created?.status], ['/create', 200])
    assert.equal((created?.decoded as { rate: string } | undefined)?.rate, '10/m')
    const golden = JSON.parse(readFileSync(`${FOLDER}/frames_tsdb_write_labels.json`, 'utf8'))
    const [initial, frame] = golden.request.messages.map((one: { decoded: unknown }) => one.decoded)
    assert.deepEqual(JSON.parse(JSON.stringify(written?.decoded)), { initial, frames: [frame] })
    assert.equal(written?.headers['content-encoding'], 'chunked')
  } finally {
    await double.close()
  }
})
