// Claim: Grafana's own code makes of every answer to its recorded requests a frame whose fields have the right types:
// times are times, numbers numbers, words strings. Shown with @grafana/data's toDataFrame.
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { PROXY_BASE, type ReadApi } from '../../handler/read-api.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import type { Store } from '../../lib/stream/ports.ts'
import { ask, GOLDEN_RECORD, readApiOf, writeRecord, writeRows } from '../support/read-api.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { grafanaFolder } from './programs.ts'

interface Field {
  readonly name: string
  readonly type: string
  readonly values: readonly unknown[]
}

interface Recorded {
  readonly path: string
  readonly body: { readonly targets?: unknown } | null
}

const ID = 'test.test_id'
const TO_MS = Date.parse('2026-11-24T07:23:00.000Z')
const TIMES = new Set(['first_request', 'last_request', 'time', 'timeEnd', 'Time'])
const WORDS =
  /^(?:endpoint_.*|model|model_class|function_uri|drift_status|feature_name|record_type)$/

const folder = temporaryFolder()
let store: Store
let api: ReadApi
before(async () => {
  store = await openEmbedded({ folder: folder.path })
  const numbers = { predictions_per_second: 2, latency_avg_5m: 1500, latency_avg_1h: 1600 }
  const record = { ...GOLDEN_RECORD, ...numbers, last_request: '2026-11-24 07:23:00.000000+00:00' }
  await writeRecord(store, { ...record, project: 'iris' })
  await writeRecord(store, { endpoint_id: 'bare', project: 'iris' })
  for (const [recordType, values] of Object.entries({
    base_metrics: { ...numbers, predictions_count_5m: 600, predictions_count_1h: 7200 },
    endpoint_features: { f0: 1, f1: 2 },
    drift_measures: { tvd_mean: 0.4 },
    custom_metrics: { confidence: 0.9 },
  })) {
    await writeRows(store, [{ endpointId: ID, recordType, atMs: TO_MS, values }])
  }
  api = readApiOf(store, { nowMs: TO_MS })
})
after(async () => {
  await store.close()
  folder.remove()
})

function framesOf(answers: readonly unknown[]): readonly (readonly Field[])[] {
  const args = ['test/interop/grafana/data-frames.cjs', grafanaFolder()]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input: JSON.stringify(answers),
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

function typeOf({ name }: Field): string {
  if (TIMES.has(name)) return 'time'
  return WORDS.test(name) ? 'string' : 'number'
}

test('each answer becomes a frame with the right types', async () => {
  const requests = readFileSync('test/golden/grafana/requests-grafana7.4-simplejson.jsonl', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
    .filter(({ body }) => body?.targets !== undefined)
  const table = 'backend=tsdb;container=projects;table=iris/model-endpoints/events'
  const more = {
    path: `${PROXY_BASE}/query`,
    body: { targets: [{ target: table, type: 'table' }] },
  }
  const answers: unknown[] = []
  for (const { path, body } of [...requests, more]) {
    const answer = await ask(api, { path, body })
    assert.equal(answer.status, 200)
    const parts = answer.json as readonly unknown[]
    assert(parts.length > 0, JSON.stringify(body))
    answers.push(...parts)
  }
  const frames = framesOf(answers)
  assert.equal(frames.length, answers.length)
  for (const fields of frames) {
    for (const field of fields) {
      assert.equal(field.type, typeOf(field), field.name)
      const wanted = field.type === 'string' ? 'string' : 'number'
      for (const value of field.values) assert(value === null || typeof value === wanted)
    }
    assert(fields.some(({ values }) => values.length > 0))
  }
})
