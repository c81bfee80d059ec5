// Claim: the three dashboards of 2021 get an answer to every request that Grafana 7.4 really sent for them, with the
// byte order marks, backslashes and line feeds that it sent, from either store family: a table or series wherever
// the store has data. Shown on the 21 recorded requests.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { ReadApi } from '../../handler/read-api.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import type { Store } from '../../lib/stream/ports.ts'
import { ask, GOLDEN_RECORD, readApiOf, writeRecord, writeRows } from '../support/read-api.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startV3ioDoubles } from '../support/v3io-doubles.ts'

interface Recorded {
  readonly method: string
  readonly path: string
  readonly body: {
    readonly target?: string
    readonly range?: { readonly to: string }
    readonly targets?: readonly { readonly target: string }[]
  } | null
}

const requests = readFileSync('test/golden/grafana/requests-grafana7.4-simplejson.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

const ID = 'test.test_id'
const TO_MS = Date.parse('2026-11-24T07:23:00.000Z')
const BASE = {
  predictions_per_second: 2,
  predictions_count_5m: 600,
  predictions_count_1h: 7200,
  latency_avg_5m: 1500,
  latency_avg_1h: 1600,
}

async function fill(store: Store): Promise<void> {
  await writeRecord(store, { ...GOLDEN_RECORD, ...BASE, project: 'iris' })
  // Of another project: no dashboard of iris may show it.
  await writeRecord(store, { ...BASE, endpoint_id: 'stranger', project: 'other', model: 'm' })
  const typed = {
    base_metrics: BASE,
    endpoint_features: { f0: 1, f1: 2, prediction: 0 },
    drift_measures: { tvd_mean: 0.4, hellinger_mean: 0.3, kld_mean: 1 },
    custom_metrics: { confidence: 0.9 },
  }
  for (const endpointId of [ID, 'stranger']) {
    for (const [recordType, values] of Object.entries(typed)) {
      await writeRows(
        store,
        [60_000, 0].map((ms) => ({ endpointId, recordType, atMs: TO_MS - ms, values })),
      )
    }
  }
}

/** What the panels show: by the target, the series or the first row. */
const WANTED: ReadonlyMap<RegExp, unknown> = new Map<RegExp, unknown>([
  [/fields=endpoint_id;$/, ['endpoint_id:string', [ID]]],
  [/fields=error_count;$/, ['error_count:number', [0]]],
  [/endpoints; fields=latency_avg_1h;$/, ['latency_avg_1h:number', [1600]]],
  [/endpoints;\s*fields=predictions_per_second;$/, ['predictions_per_second:number', [2]]],
  [/events;\s*fields=predictions_per_second;/, seriesOf('base_metrics', 'predictions_per_second')],
  [
    /fields=predictions_count_5m,predictions_count_1h;/,
    seriesOf('base_metrics', 'predictions_count_5m', 'predictions_count_1h'),
  ],
  [
    /fields=latency_avg_5m,latency_avg_1h/,
    seriesOf('base_metrics', 'latency_avg_5m', 'latency_avg_1h'),
  ],
  [/events;\s*fields=latency_avg_1h/, seriesOf('base_metrics', 'latency_avg_1h')],
  [/endpoint_features/, seriesOf('endpoint_features', 'f0', 'f1', 'prediction')],
  [/drift_measures/, seriesOf('drift_measures', 'hellinger_mean', 'kld_mean', 'tvd_mean')],
  [/custom_metrics/, seriesOf('custom_metrics', 'confidence')],
  [/list_endpoints/, ['endpoint_id:string', [ID]]],
  [/individual_feature/, ['feature_name:string', ['f0', 'f1']]],
  [/overall_feature/, ['tvd_sum:number', [1.756]]],
  [/function_uri,model_class/, ['endpoint_id:string', [ID]]],
])

function seriesOf(recordType: string, ...metrics: readonly string[]): readonly string[] {
  return metrics.map((metric) => `${metric}[endpoint_id=${ID},record_type=${recordType}]`)
}

/** The first column with its cells, or the names of the series. */
function shown(answer: unknown): unknown {
  const all = answer as readonly {
    readonly target?: string
    readonly datapoints?: readonly (readonly number[])[]
    readonly columns?: readonly { readonly text: string; readonly type: string }[]
    readonly rows?: readonly (readonly unknown[])[]
  }[]
  const [first] = all
  const column = first?.columns?.[0]
  if (column !== undefined) return [`${column.text}:${column.type}`, first?.rows?.map(([c]) => c)]
  for (const { datapoints } of all) {
    assert.deepEqual(
      datapoints?.map(([, atMs]) => atMs),
      [TO_MS - 60_000, TO_MS],
    )
  }
  return all.map(({ target }) => target)
}

function describeRequests(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store
    let api: ReadApi
    before(async () => {
      store = await open()
      await fill(store)
      api = readApiOf(store, { nowMs: TO_MS })
    })
    after(() => store.close())

    for (const [index, { method, path, body }] of requests.entries()) {
      const target = body?.target ?? body?.targets?.[0]?.target ?? ''
      test(`request ${index}: ${JSON.stringify(target)}`, async () => {
        const answer = await ask(api, body === null ? { method, path } : { method, path, body })
        assert.equal(answer.status, 200, answer.text)
        if (body === null) return assert.equal(answer.text, '')
        if (body.target !== undefined) {
          const isProjects = target.includes('list_projects')
          return assert.deepEqual(answer.json, isProjects ? ['iris', 'other'] : [ID])
        }
        const [, wanted] = [...WANTED].find(([pattern]) => pattern.test(target)) ?? []
        assert(wanted !== undefined, 'every recorded target has its answer in WANTED')
        assert.deepEqual(shown(answer.json), wanted)
      })
    }
  })
}

assert.equal(requests.length, 21)
const folder = temporaryFolder()
after(folder.remove)
describeRequests('embedded', () => openEmbedded({ folder: folder.path }))
describeRequests('V3IO', async () => {
  const doubles = await startV3ioDoubles()
  return { ...doubles.store, close: () => doubles.close() }
})
