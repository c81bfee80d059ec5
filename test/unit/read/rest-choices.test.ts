// Claim: a list of endpoints has no JSON texts, of drift neither; series are had of several endpoints at once, and
// only of those of the project; the ledger is had of the logs as a whole. Shown on the embedded store.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import type { ReadApi } from '../../../handler/read-api.ts'
import { openEmbedded } from '../../../lib/store/postgres/open-embedded.ts'
import type { Store } from '../../../lib/stream/ports.ts'
import { ask, NOW_MS, readApiOf, writeRecord, writeRows } from '../../support/read-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
let store: Store
let api: ReadApi
before(async () => {
  store = await openEmbedded({ folder: folder.path })
  for (const [endpointId, project] of [
    ['e1', 'iris'],
    ['e2', 'iris'],
    ['e3', 'wine'],
  ] as const) {
    await writeRecord(store, {
      endpoint_id: endpointId,
      project,
      stream_drift: '{"state": "measured", "rows": 7, "features": {}, "alarms": []}',
      data_quality: '{}',
    })
    await writeRows(store, [
      { endpointId, recordType: 'base_metrics', atMs: NOW_MS, values: { rate: 1 } },
    ])
  }
  const counts = { received: 5, accepted: 5, error: 0, ignored: 0, rejected: 0, duplicate: 0 }
  const entry = {
    log: 'l',
    offset: 4,
    minute: 1,
    counts: { ...counts, waiting: 0, rowsAccepted: 5, rowsRejected: 0 },
  }
  await store.ledger.write([
    { ...entry, endpointId: 'e1', whole: null, quality: null },
    { ...entry, endpointId: '', whole: { letters: 2, deliveredBefore: 5 }, quality: null },
  ])
  api = readApiOf(store)
})
after(async () => {
  await store.close()
  folder.remove()
})

type Rows = readonly Record<string, unknown>[]

async function get(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Rows> {
  const answer = await ask(api, { path, fields })
  assert.equal(answer.status, 200, answer.text)
  return answer.json as Rows
}

test('endpoints have no JSON texts; drift has read them', async () => {
  const [first] = await get('/api/endpoints')
  assert.deepEqual(first, { project: 'iris', endpoint_id: 'e1' })
  const drift = await get('/api/drift', { project: 'wine' })
  assert.deepEqual(
    drift.map((row) => [row['endpoint_id'], row['rows'], row['alarmed_features']]),
    [['e3', 7, 0]],
  )
})

test('series of several endpoints', async () => {
  const ids = async (fields: Readonly<Record<string, string>>) =>
    (await get('/api/series', fields)).map((row) => row['endpoint_id']).sort()
  assert.deepEqual(await ids({ endpoint_ids: 'e1,e3,none' }), ['e1', 'e3'])
  assert.deepEqual(await ids({ endpoint_ids: 'e1,e3', project: 'iris' }), ['e1'])
  assert.deepEqual(
    await ids({ endpoint_ids: 'e1,e3', max_points: '5', from_ms: `${NOW_MS - 1000}` }),
    ['e1', 'e3'],
  )
  assert.deepEqual(await ids({}), ['e1', 'e2', 'e3'])
})

test('the ledger of the logs as a whole', async () => {
  const whole = await get('/api/ledger', { newest: '1', whole: '1' })
  assert.deepEqual(
    whole.map((line) => [line['endpoint_id'], line['letters']]),
    [['', 2]],
  )
  assert.equal((await get('/api/ledger', { newest: '1' })).length, 2)
})

test('histograms are of one endpoint', async () => {
  assert.deepEqual(await get('/api/histograms', { endpoint_id: 'e1' }), [])
  for (const fields of [{}, { endpoint_id: 'none' }, { endpoint: 'e1' }]) {
    const { status } = await ask(api, { path: '/api/histograms', fields })
    assert(status === 400 || status === 404)
  }
})
