// Each way in which a call to V3IO or framesd can fail, for each call of the store: it is tried again or
// reported by a rule, nothing is half done afterwards, and no key is shown.
import { strict as assert } from 'node:assert'
import { after, afterEach, before, describe, test } from 'node:test'
import { StreamError } from '../../lib/stream/errors.ts'
import type { Claim, EndpointUpdate, MetricRow, Outcome, Store } from '../../lib/stream/ports.ts'
import {
  type FaultKind as FramesdFault,
  startFramesdDouble,
} from '../doubles/framesd/framesd-double.ts'
import type { FaultKind as V3ioFault } from '../doubles/v3io/faults.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'
import {
  ACCESS_KEY,
  CONTAINER,
  KV_TABLE,
  startV3ioDoubles,
  TSDB_TABLE,
  type V3ioDoubles,
} from '../support/v3io-doubles.ts'

/** As often as the client tries by itself. */
const TRIES = 3
const written = { kind: 'written' }

let doubles: V3ioDoubles
before(async () => {
  doubles = await startV3ioDoubles({ timeoutMs: 100, backoffMs: 1 })
})
after(() => doubles.close())
afterEach(() => {
  doubles.v3io.clearFaults()
  doubles.framesd.clearFaults()
})

let count = 0
function update(value: number): EndpointUpdate {
  const endpointId = `ep${++count}`
  return {
    endpointId,
    attributes: new Map([
      ['endpoint_id', { type: 'string', value: endpointId }],
      ['error_count', { type: 'int', value }],
      ['latency_avg_5m', { type: 'none', value: null }],
    ]),
  }
}

function metricRow(): MetricRow {
  count += 1
  return {
    endpointId: `ep${count}`,
    recordType: 'base_metrics',
    atMs: 1_714_521_600_000,
    names: ['a'],
    values: [count],
  }
}

function claim(): Claim {
  count += 1
  return { log: `log${count}`, endpointId: 'e', hour: 1, number: 1, firstOffset: 0, lastOffset: 9 }
}

function reasonOf(outcome: Outcome): string {
  if (outcome.kind === 'retry' || outcome.kind === 'rejected') return outcome.reason
  return outcome.kind === 'partial' ? (outcome.reason ?? '') : ''
}

/** Passing troubles: the client gets over one of them, and reports when all its tries meet one. */
const PASSING: readonly V3ioFault[] = [
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429 },
  { kind: 'status', status: 503, applied: true },
  { kind: 'reset', applied: false },
  { kind: 'reset', applied: true },
  { kind: 'truncate' },
  { kind: 'hang' },
]

describe('KV', () => {
  const puts = ({ function: name }: { readonly function: string | null }): boolean =>
    name === 'PutItem' || name === 'UpdateItem'

  for (const kind of PASSING) {
    const name = JSON.stringify(kind)
    test(`${name} once: nobody notices`, async () => {
      doubles.v3io.inject({ matches: puts, kind })
      const one = update(7)
      assert.deepEqual(await doubles.store.kv.write([one]), written)
      const item = doubles.v3io.item(CONTAINER, `${KV_TABLE}/${one.endpointId}`)
      assert.deepEqual(item?.get('error_count'), { N: '7' })
    })

    test(`${name} again and again: it is to be tried later, and is written then`, async () => {
      doubles.v3io.inject({ matches: puts, kind, times: Number.POSITIVE_INFINITY })
      const updates = [update(8), update(9)]
      const outcome = await doubles.store.kv.write(updates)
      assert.equal(outcome.kind, 'retry', JSON.stringify(outcome))
      assert(!reasonOf(outcome).includes(ACCESS_KEY))
      doubles.v3io.clearFaults()
      assert.deepEqual(await doubles.store.kv.write(updates), written)
    })
  }

  test('after trouble no more is begun than was under way', async () => {
    const before = doubles.v3io.requests.length
    doubles.v3io.inject({ kind: { kind: 'hang' }, times: Number.POSITIVE_INFINITY })
    const updates = Array.from({ length: 200 }, () => update(1))
    const startedAtMs = performance.now()
    const outcome = await doubles.store.kv.write(updates)
    assert.equal(outcome.kind, 'retry')
    assert(doubles.v3io.requests.length - before <= 16 * TRIES)
    assert(performance.now() - startedAtMs < 5_000)
  })

  test('what is refused for good does not cost its neighbours', async () => {
    const updates = [update(1), update(2), update(3)]
    doubles.v3io.inject({
      matches: ({ path }) => path.endsWith(`/${updates[1]?.endpointId}`),
      kind: { kind: 'status', status: 400, errorCode: -201326592, errorMessage: 'Invalid' },
      times: Number.POSITIVE_INFINITY,
    })
    const outcome = await doubles.store.kv.write(updates)
    assert(outcome.kind === 'partial')
    assert.deepEqual(outcome.unwritten, [])
    assert.deepEqual(
      outcome.refused.map(({ index }) => index),
      [1],
    )
    assert.match(outcome.refused[0]?.reason ?? '', /-201326592 Invalid/)
  })

  test('a wrong key is told of in one line that does not show it, and nothing is refused', async () => {
    const wrong = 'wrong-and-secret-key'
    const store = doubles.openAnother({ accessKey: wrong })
    for (const status of [401, 403]) {
      doubles.v3io.inject({ kind: { kind: 'status', status }, times: 9 })
      const outcome = await store.kv.write([update(1)])
      doubles.v3io.clearFaults()
      assert.equal(outcome.kind, 'retry')
      assert.match(reasonOf(outcome), /V3IO_ACCESS_KEY/)
      assert(!reasonOf(outcome).includes(wrong) && !reasonOf(outcome).includes('\n'))
    }
  })

  test('while the schema cannot be written, records are, and it is come back for', async () => {
    const isSchema = ({ path }: { readonly path: string }): boolean => path.endsWith('%23schema')
    doubles.v3io.inject({
      matches: isSchema,
      kind: { kind: 'status', status: 503 },
      times: Number.POSITIVE_INFINITY,
    })
    const one = update(1)
    const attributes = new Map([...one.attributes, ['_new', { type: 'int', value: 1 }] as const])
    const outcome = await doubles.store.kv.write([update(2), { ...one, attributes }])
    assert.deepEqual(outcome.kind === 'partial' && outcome.unwritten, [1])
    assert.match(reasonOf(outcome), /503/)
    assert(doubles.v3io.item(CONTAINER, `${KV_TABLE}/${one.endpointId}`)?.has('_new'))
    doubles.v3io.clearFaults()
    assert.deepEqual(await doubles.store.kv.write([{ ...one, attributes }]), written)
    const schema = String(doubles.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`))
    assert.match(schema, /"_new"/)
  })

  test('framesd that cannot infer the schema holds nothing up, and is told of once', async () => {
    doubles.framesd.inject({
      matches: ({ path }) => path === '/exec',
      kind: { kind: 'status', status: 500, text: "can't exec" },
      times: Number.POSITIVE_INFINITY,
    })
    const store = doubles.openAnother()
    const told = doubles.warnings.length
    for (const label of ['_x', '_y']) {
      const attributes = new Map([[label, { type: 'int', value: 1 } as const]])
      assert.deepEqual(await store.kv.write([{ endpointId: 'labels', attributes }]), written)
    }
    assert.equal(doubles.warnings.length, told + 1)
    assert.match(String(doubles.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`)), /"_x".*"_y"/)
  })
})

describe('records and claims', () => {
  const reads: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
    ['records', (store) => store.records.read(['e1', 'e2'])],
    ['all records', (store) => store.reader.endpoints()],
    ['claims', (store) => store.claims.list('log')],
  ]
  for (const [what, read] of reads) {
    for (const kind of PASSING) {
      test(`${what}: ${JSON.stringify(kind)} is got over once, and reported when it stays`, async () => {
        doubles.v3io.inject({ kind })
        await read(doubles.store)
        doubles.v3io.inject({ kind, times: Number.POSITIVE_INFINITY })
        await assert.rejects(read(doubles.store), isUnavailable)
      })
    }
    test(`${what}: an answer that is none is reported`, async () => {
      for (const body of ['', '{', '[]', '{"Item":[1]}', '{"Items":{}}']) {
        doubles.v3io.clearFaults()
        const times = Number.POSITIVE_INFINITY
        doubles.v3io.inject({ kind: { kind: 'body', status: 200, body }, times })
        await assert.rejects(read(doubles.store), isUnavailable)
      }
    })
  }

  for (const kind of PASSING) {
    test(`a claim that meets ${JSON.stringify(kind)} is made once, or known to be unsure`, async () => {
      const one = claim()
      doubles.v3io.inject({ kind })
      const isMade = await doubles.store.claims.create(one).catch((error: unknown) => {
        assert(isUnavailable(error))
        return null
      })
      // As the flusher does: what is unsure is made again, and when it was there, listed.
      if (isMade === null && !(await doubles.store.claims.create(one))) {
        assert.deepEqual(await doubles.store.claims.list(one.log), [one])
      }
      assert.deepEqual(await doubles.store.claims.list(one.log), [one])
    })
  }
})

describe('metrics', () => {
  const text = 'write error: Expected a 2xx response status code: HTTP/1.1 503 Service Unavailable'
  const passing: readonly FramesdFault[] = [
    { kind: 'status', status: 500, text },
    { kind: 'status', status: 503, text: '' },
    { kind: 'status', status: 500, text: 'write error: dial tcp: connection refused' },
    { kind: 'reset', applied: false },
    { kind: 'reset', applied: true },
    { kind: 'hang' },
    { kind: 'body', status: 200, body: '{"num_frames":' },
  ]
  for (const path of ['/create', '/write']) {
    for (const kind of passing) {
      // What making a table is answered is not read.
      if (path === '/create' && kind.kind === 'body') continue
      test(`${path} ${JSON.stringify(kind)}: tried later, and written once then`, async () => {
        const store = doubles.openAnother()
        const rows = [metricRow(), metricRow()]
        const times = Number.POSITIVE_INFINITY
        doubles.framesd.inject({ matches: (request) => request.path === path, kind, times })
        const outcome = await store.tsdb.write(rows)
        assert.equal(outcome.kind, 'retry', JSON.stringify(outcome))
        doubles.framesd.clearFaults()
        assert.deepEqual(await store.tsdb.write(rows), written)
        const series = doubles.framesd.series(CONTAINER, TSDB_TABLE)
        for (const { endpointId, atMs, values } of rows) {
          const name = `a{endpoint_id=${endpointId},record_type=base_metrics}`
          assert.deepEqual(series.get(name), [{ atMs, value: values[0] }])
        }
      })
    }
  }

  test('a key that framesd does not take is told of without it', async () => {
    const wrong = 'wrong-and-secret-key'
    const outcome = await doubles.openAnother({ accessKey: wrong }).tsdb.write([metricRow()])
    assert.equal(outcome.kind, 'retry')
    assert.match(reasonOf(outcome), /V3IO_ACCESS_KEY/)
    assert(!reasonOf(outcome).includes(wrong) && !reasonOf(outcome).includes('\n'))
  })

  test('reading that fails in the middle is reported', async () => {
    for (const kind of [...passing, { kind: 'body', status: 200, body: 'x' } as const]) {
      doubles.framesd.clearFaults()
      doubles.framesd.inject({ kind, times: Number.POSITIVE_INFINITY })
      await assert.rejects(doubles.store.reader.series({ limit: 5 }), isUnavailable)
    }
  })

  test('nothing of framesd hinders the records, and nothing of V3IO the metrics', async () => {
    doubles.framesd.inject({ kind: { kind: 'hang' }, times: Number.POSITIVE_INFINITY })
    assert.deepEqual(await doubles.store.kv.write([update(1)]), written)
    doubles.framesd.clearFaults()
    doubles.v3io.inject({ kind: { kind: 'hang' }, times: Number.POSITIVE_INFINITY })
    assert.deepEqual(await doubles.store.tsdb.write([metricRow()]), written)
  })
})

describe('servers', () => {
  test('that are slow are waited for', async () => {
    doubles.v3io.inject({ kind: { kind: 'delay', ms: 50 }, times: 4 })
    assert.deepEqual(await doubles.store.kv.write([update(1)]), written)
    doubles.framesd.inject({ kind: { kind: 'delay', ms: 50 } })
    assert.deepEqual(await doubles.store.tsdb.write([metricRow()]), written)
  })

  test('that are gone are told of, and written to when they are back', async () => {
    const own = await startV3ioDoubles({ timeoutMs: 200, backoffMs: 1 })
    const ports = [own.v3io, own.framesd].map(({ url }) => Number(new URL(url).port))
    const rows = [metricRow()]
    const updates = [update(1)]
    assert.deepEqual(await own.store.kv.write([update(1)]), written)
    await Promise.all([own.v3io.close(), own.framesd.close()])
    for (const outcome of [await own.store.kv.write(updates), await own.store.tsdb.write(rows)]) {
      assert.equal(outcome.kind, 'retry')
      assert.match(reasonOf(outcome), /cannot be reached/)
    }
    await assert.rejects(own.store.claims.create(claim()), isUnavailable)
    const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY, port: ports[0] ?? 0 })
    const framesd = await startFramesdDouble({ accessKey: ACCESS_KEY, port: ports[1] ?? 0 })
    try {
      assert.deepEqual(await own.store.kv.write(updates), written)
      assert.deepEqual(await own.store.tsdb.write(rows), written)
    } finally {
      await own.store.close()
      await Promise.all([v3io.close(), framesd.close()])
    }
  })
})

function isUnavailable(error: unknown): boolean {
  assert(error instanceof StreamError, String(error))
  assert.equal(error.code, 'store-unavailable')
  assert(!error.message.includes(ACCESS_KEY) && !error.message.includes('\n'))
  return true
}
