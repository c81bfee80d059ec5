// Claim: what MLRun 0.6.3's own grafana-proxy answered is answered here, by either store family; where the answer
// is another one on purpose, it stands here by name (docs/deviations.md). Shown on its recorded pairs.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { PROXY_BASE, type ReadApi } from '../../handler/read-api.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import type { Store } from '../../lib/stream/ports.ts'
import { ask, readApiOf, type Seen, writeGolden } from '../support/read-api.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startV3ioDoubles } from '../support/v3io-doubles.ts'

interface Pair {
  readonly method: string
  readonly path: string
  readonly key: boolean
  readonly body: object | null
  readonly status: number
  readonly response: unknown
}

const pairs = JSON.parse(
  readFileSync('test/golden/grafana/grafana-proxy-0.6.3.json', 'utf8'),
) as readonly Pair[]

const AT_MS = Date.parse('2021-02-28T21:02:58.642Z')

/** Times are numbers, no row is short, a count of 0 is 0, and rows are in order of their ids. */
const ENDPOINTS = [
  ['e2', 'test3/f2', 'm2:v1', null, null, null, null, 3, null, null, null],
  [
    'test.test_id',
    'test3/v2-model-server',
    'test-model',
    'ClassifierModel',
    AT_MS,
    AT_MS,
    null,
    0,
    'NO_DRIFT',
    null,
    null,
  ],
]

/** What is answered on purpose where the original answered something else, by the recorded request. */
const BETTER: ReadonlyMap<string, (answer: Seen, recorded: Pair) => void> = new Map([
  [
    'project=test3;target_endpoint=list_endpoints',
    (answer, { response }) => {
      const [table] = answer.json as readonly [Table]
      const [original] = response as readonly [Table]
      assert.deepEqual(table.rows, ENDPOINTS)
      const wanted = original.columns.map(({ text, type }) =>
        text === 'drift_status' ? { text, type: 'string' } : { text, type },
      )
      assert.deepEqual(table.columns.slice(0, wanted.length), wanted)
      assert.deepEqual(table.columns.slice(wanted.length), [
        { text: 'predictions_per_second', type: 'number' },
        { text: 'latency_avg_1h', type: 'number' },
      ])
    },
  ],
  // An internal error in the original.
  [
    'project=test3;target_endpoint=list_endpoints;metrics=f0',
    (answer) => {
      const [{ columns, rows }] = answer.json as readonly [Table]
      assert.deepEqual(columns.at(-1), { text: 'f0', type: 'number' })
      assert.deepEqual(
        rows.map((row) => row.at(-1)),
        [null, 2],
      )
    },
  ],
  // Refused in the original.
  [
    'project=test3;\ntarget_endpoint=list_endpoints',
    (answer) => assert.deepEqual((answer.json as readonly [Table])[0].rows, ENDPOINTS),
  ],
  // Two more functions are supported.
  [
    'target_endpoint=foo',
    (answer, { status, response }) => {
      assert.equal(answer.status, status)
      const [said = '', names = ''] = reasonOf(answer.json).split('supports: ')
      const [saidThen = '', namesThen = ''] = reasonOf(response).split('supports: ')
      assert.equal(said, saidThen)
      const now = names.replace('")', '').split(',')
      for (const name of namesThen.replace('")', '').split(',')) assert(now.includes(name), name)
    },
  ],
  // Not there in the original.
  ['/annotations', (answer) => assert.deepEqual([answer.status, answer.json], [200, []])],
])

interface Table {
  readonly columns: readonly { readonly text: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

function reasonOf(response: unknown): string {
  return (response as { readonly detail: { readonly reason: string } }).detail.reason
}

function nameOf({ path, body }: Pair): string {
  const targets = (body as { targets?: readonly { target: string }[] } | null)?.targets
  return targets?.[0]?.target ?? path
}

function describeParity(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store
    let api: ReadApi
    before(async () => {
      store = await open()
      await writeGolden(store)
      api = readApiOf(store, { access: { kind: 'required' } })
    })
    after(() => store.close())

    for (const [index, pair] of pairs.entries()) {
      const { method, path, key, body, status, response } = pair
      test(`pair ${index}: ${method} ${path} ${JSON.stringify(body)} ${key ? '' : 'without a key'}`, async () => {
        const headers = key ? { 'X-V3io-Session-Key': 'any' } : {}
        const request = { method, path: `${PROXY_BASE}${path}`, headers }
        const answer = await ask(api, body === null ? request : { ...request, body })
        const better = key ? BETTER.get(nameOf(pair)) : undefined
        if (better !== undefined) return better(answer, pair)
        assert.equal(answer.status, status)
        if (status === 200) return assert.deepEqual(answer.json ?? answer.text, response)
        const { detail, message } = answer.json as { detail: object; message: string }
        assert.deepEqual({ detail }, response)
        assert(message.length > 10 && reasonOf(response).includes(message.slice(0, 20)), message)
      })
    }
  })
}

const folder = temporaryFolder()
after(folder.remove)
describeParity('embedded', () => openEmbedded({ folder: folder.path }))
describeParity('V3IO', async () => {
  const doubles = await startV3ioDoubles()
  return { ...doubles.store, close: () => doubles.close() }
})
