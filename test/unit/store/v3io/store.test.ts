// Claim: the V3IO store keeps the laws of the store's ports against strict doubles of the platform; what
// is on the wire is what MLRun, Grafana and the Python clients expect.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { attributeName, numberMetricName } from '../../../../lib/store/v3io/safe-name.ts'
import type { Attribute, Claim, EndpointUpdate, MetricRow } from '../../../../lib/stream/ports.ts'
import {
  CONTAINER,
  KV_TABLE,
  startV3ioDoubles,
  TSDB_TABLE,
  type V3ioDoubles,
} from '../../../support/v3io-doubles.ts'

const AT_MS = 1_714_521_600_123
const written = { kind: 'written' }
const ODD_TEXTS = [
  `it's "quoted"`,
  'back\\slash',
  'nul \0 inside',
  'lone \ud83d surrogate',
  'pair 😀 and é',
  '__proto__',
  'a/b?c#d e.f,g=h%20',
  '',
  '{"a":1}',
  'line\nfeed\ttab\r',
  'x'.repeat(300),
]

let doubles: V3ioDoubles
before(async () => {
  doubles = await startV3ioDoubles()
})
after(() => doubles.close())

let count = 0
function unique(): string {
  count += 1
  return `ep${count}`
}

function update(endpointId: string, attributes: Record<string, Attribute>): EndpointUpdate {
  const id: Attribute = { type: 'string', value: endpointId }
  return { endpointId, attributes: new Map(Object.entries({ endpoint_id: id, ...attributes })) }
}

function row(endpointId: string, values: Record<string, number | string>, atMs = AT_MS): MetricRow {
  const names = Object.keys(values)
  return { endpointId, recordType: 'base_metrics', atMs, names, values: Object.values(values) }
}

test('attributes have their types on the wire, and a whole double keeps its point', async () => {
  const id = unique()
  const attributes: Record<string, Attribute> = {
    whole: { type: 'int', value: 12 },
    rate: { type: 'double', value: 2 },
    tiny: { type: 'double', value: 5e-324 },
    text: { type: 'string', value: '1' },
    active: { type: 'boolean', value: true },
  }
  assert.deepEqual(await doubles.store.kv.write([update(id, attributes)]), written)
  assert.deepEqual(Object.fromEntries(doubles.v3io.item(CONTAINER, `${KV_TABLE}/${id}`) ?? []), {
    endpoint_id: { S: id },
    whole: { N: '12' },
    rate: { N: '2.0' },
    tiny: { N: '5e-324' },
    text: { S: '1' },
    active: { BOOL: true },
  })
})

test('a merge keeps what others wrote, and what has no value any more goes out', async () => {
  const id = unique()
  const int = (value: number): Attribute => ({ type: 'int', value })
  const none: Attribute = { type: 'none', value: null }
  await doubles.store.kv.write([update(id, { a: int(1), b: int(2), min: int(3) })])
  const second = update(id, { b: int(5), a: none, never_there: none, min: none })
  assert.deepEqual(await doubles.store.kv.write([second]), written)
  assert.deepEqual(await doubles.store.kv.write([second]), written)
  const records = await doubles.store.records.read([id, unique()])
  assert.deepEqual(
    records,
    new Map([
      [
        id,
        new Map<string, unknown>([
          ['endpoint_id', id],
          ['b', 5],
        ]),
      ],
    ]),
  )
})

test('odd labels and texts come back equal or by the documented rules', async () => {
  const id = unique()
  const attributes = Object.fromEntries(
    ODD_TEXTS.map((text): [string, Attribute] => [`_${text}`, { type: 'string', value: text }]),
  )
  assert.deepEqual(await doubles.store.kv.write([update(id, attributes)]), written)
  const record = (await doubles.store.records.read([id])).get(id)
  for (const text of ODD_TEXTS) {
    const expected = text.replace('\0', '\\u0000').replace('\ud83d s', '\\ud83d s')
    assert.equal(record?.get(attributeName(`_${text}`)), expected)
  }
  assert.equal(record?.size, ODD_TEXTS.length + 1)
})

test('records are listed by id, without the schema that lies among them', async () => {
  const ids = ['zz', 'Za', 'za'].map((id) => `list-${id}`)
  await doubles.store.kv.write(ids.map((id) => update(id, {})))
  assert(doubles.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`) !== null)
  const listed = (await doubles.store.reader.endpoints()).map((record) => record.get('endpoint_id'))
  assert.deepEqual(
    listed.filter((id) => String(id).startsWith('list-')),
    ['list-Za', 'list-za', 'list-zz'],
  )
  assert.deepEqual([...listed].sort(), listed)
})

test('the schema has every attribute with its type, and keeps those of others', async () => {
  const own = await startV3ioDoubles()
  const schemaOf = (): Record<string, string> => {
    const { fields, key } = JSON.parse(String(own.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`)))
    assert.equal(key, 'endpoint_id')
    return Object.fromEntries(
      fields.map(({ name, type }: { name: string; type: string }) => [name, type]),
    )
  }
  try {
    const first = update('e1', { n: { type: 'int', value: 1 }, t: { type: 'string', value: 'a' } })
    await own.store.kv.write([first])
    assert.deepEqual(schemaOf(), { endpoint_id: 'string', n: 'long', t: 'string' })
    // Another process adds what this one has not seen, then this one adds to it.
    const other = update('e2', { others: { type: 'boolean', value: true } })
    await own.openAnother().kv.write([other])
    const second = update('e1', {
      n: { type: 'double', value: 1.5 },
      d: { type: 'double', value: 1 },
    })
    await own.store.kv.write([second])
    assert.deepEqual(schemaOf(), {
      endpoint_id: 'string',
      n: 'double',
      t: 'string',
      others: 'boolean',
      d: 'double',
    })
    const puts = (): number =>
      own.v3io.requests.filter(({ method, path }) => method === 'PUT' && path.endsWith('%23schema'))
        .length
    const before = puts()
    await own.store.kv.write([second, first])
    assert.equal(puts(), before, 'what is known is not written again')
    assert(own.framesd.requests.some(({ path }) => path === '/exec'))
    assert.deepEqual(own.warnings, [])
  } finally {
    await own.close()
  }
})

test('what framesd does not see when it infers the schema stays in it', async () => {
  const own = await startV3ioDoubles()
  const names = (): string[] =>
    JSON.parse(String(own.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`))).fields.map(
      ({ name }: { name: string }) => name,
    )
  try {
    // It looks at about ten items, and a rare label is in none of them.
    const rare = update('zz', { _rare: { type: 'string', value: 'a' } })
    const others = Array.from({ length: 30 }, (_, index) => update(`a${index}`, {}))
    await own.store.kv.write([...others, rare])
    assert(names().includes('_rare'))
    await own.openAnother().kv.write([update('b', { _new: { type: 'int', value: 1 } })])
    assert.deepEqual(names().sort(), ['_new', '_rare', 'endpoint_id'])
  } finally {
    await own.close()
  }
})

test('without framesd the schema is kept all the same, and a long becomes a double', async () => {
  const own = await startV3ioDoubles()
  try {
    own.framesd.inject({
      matches: ({ path }) => path === '/exec',
      kind: { kind: 'status', status: 500, text: "can't exec" },
      times: Number.POSITIVE_INFINITY,
    })
    for (const n of [
      { type: 'int', value: 1 },
      { type: 'double', value: 1.5 },
    ] as const) {
      await own.store.kv.write([update('e1', { n })])
    }
    const { fields } = JSON.parse(String(own.v3io.object(CONTAINER, `${KV_TABLE}/.#schema`)))
    assert.deepEqual(fields, [
      { name: 'endpoint_id', type: 'string', nullable: false },
      { name: 'n', type: 'double', nullable: true },
    ])
  } finally {
    await own.close()
  }
})

test('an attribute that has another type there keeps it, and people are told once', async () => {
  const own = await startV3ioDoubles()
  try {
    await own.store.kv.write([update('e1', { _label: { type: 'string', value: 'a' } })])
    for (const value of [1, 2]) {
      const other = update('e2', { _label: { type: 'int', value } })
      assert.deepEqual(await own.openAnother().kv.write([other]), written)
      assert.deepEqual(await own.store.kv.write([other]), written)
    }
    const told = own.warnings.filter(({ message }) => message.includes('another type'))
    assert(told.length >= 1)
    assert.deepEqual(told[0]?.fields, { names: ['_label'] })
  } finally {
    await own.close()
  }
})

test('numbers and texts come back at their millisecond, in order', async () => {
  const endpointId = unique()
  const values = { d: 0.1, c: 'text', b: 1e308, a: 5e-324, e: '', f: -1.5e-7 }
  const rows = [row(endpointId, values), row(endpointId, { z: 1 }, AT_MS + 1)]
  assert.deepEqual(await doubles.store.tsdb.write(rows), written)
  const points = await doubles.store.reader.series({ endpointId, limit: 100 })
  assert.deepEqual(
    points.map(({ atMs, recordType, metric, value }) => [atMs, recordType, metric, value]),
    [
      ...Object.entries(values)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([metric, value]) => [AT_MS, 'base_metrics', metric, value]),
      [AT_MS + 1, 'base_metrics', 'z', 1],
    ],
  )
})

test('odd metric names are renamed by the documented rule, and found by their own name', async () => {
  const endpointId = unique()
  const names = ODD_TEXTS
  const odd = {
    endpointId,
    recordType: 'custom_metrics',
    atMs: AT_MS,
    names,
    values: names.map((_, i) => i),
  }
  assert.deepEqual(await doubles.store.tsdb.write([odd]), written)
  for (const [index, metric] of names.entries()) {
    const [point, ...others] = await doubles.store.reader.series({ endpointId, metric, limit: 9 })
    assert.equal(others.length, 0)
    assert.equal(point?.metric, numberMetricName(metric))
    assert.equal(point.value, index)
  }
})

test('a range has both ends, a limit keeps the newest, and nothing is found where nothing can be', async () => {
  const endpointId = unique()
  const rows = Array.from({ length: 9 }, (_, index) =>
    row(endpointId, { b: index, a: index }, AT_MS + index),
  )
  await doubles.store.tsdb.write(rows)
  const query = { endpointId, fromMs: AT_MS + 2, toMs: AT_MS + 4, limit: 5 }
  const points = await doubles.store.reader.series(query)
  assert.deepEqual(
    points.map(({ atMs, metric }) => `${atMs - AT_MS}${metric}`),
    ['2b', '3a', '3b', '4a', '4b'],
  )
  const everything = { endpointId, fromMs: -1e300, toMs: 1e300, limit: Number.POSITIVE_INFINITY }
  assert.equal((await doubles.store.reader.series(everything)).length, 18)
  assert.deepEqual(await doubles.store.reader.series({ ...query, recordType: 'other' }), [])
  assert.deepEqual(await doubles.store.reader.series({ endpointId: `it's "both"`, limit: 5 }), [])
})

test('nothing to write is written, and asks nobody', async () => {
  const before = doubles.v3io.requests.length + doubles.framesd.requests.length
  assert.deepEqual(await doubles.store.tsdb.write([]), written)
  assert.deepEqual(await doubles.store.kv.write([]), written)
  assert.equal(doubles.v3io.requests.length + doubles.framesd.requests.length, before)
})

test('before anything is written there is nothing to read', async () => {
  const own = await startV3ioDoubles()
  try {
    assert.deepEqual(await own.store.reader.endpoints(), [])
    assert.deepEqual(await own.store.reader.series({ limit: 5 }), [])
    assert.deepEqual(await own.store.records.read(['e']), new Map())
    assert.deepEqual(await own.store.claims.list('log'), [])
  } finally {
    await own.close()
  }
})

test('a table that somebody deleted is made again', async () => {
  const own = await startV3ioDoubles()
  try {
    assert.deepEqual(await own.store.tsdb.write([row('e', { a: 1 })]), written)
    await own.deleteMetrics()
    assert.deepEqual(await own.store.tsdb.write([row('e', { a: 2 }, AT_MS + 1)]), written)
    const [series] = own.framesd.series(CONTAINER, TSDB_TABLE).values()
    assert.deepEqual(series, [{ atMs: AT_MS + 1, value: 2 }])
  } finally {
    await own.close()
  }
})

test('a claim is made once and comes back exactly', async () => {
  const claim: Claim = {
    log: 'log-1',
    endpointId: 'a.b-c_d',
    hour: 476_256,
    number: 1,
    firstOffset: 0,
    lastOffset: Number.MAX_SAFE_INTEGER,
  }
  const { claims } = doubles.store
  assert.equal(await claims.create(claim), true)
  assert.equal(await claims.create({ ...claim, lastOffset: 7 }), false)
  assert.equal(await claims.create({ ...claim, number: 2 }), true)
  assert.equal(await claims.create({ ...claim, log: 'log-2' }), true)
  assert.deepEqual(
    (await claims.list('log-1')).toSorted((a, b) => a.number - b.number),
    [claim, { ...claim, number: 2 }],
  )
})

test('of claims that race for a number one is made', async () => {
  const base = { log: 'race', endpointId: 'e', hour: 1, number: 1, lastOffset: 9 }
  const created = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((firstOffset) => doubles.store.claims.create({ ...base, firstOffset })),
  )
  assert.equal(created.filter((isMine) => isMine).length, 1)
  assert.equal((await doubles.store.claims.list('race'))[0]?.firstOffset, created.indexOf(true) + 1)
})

test('a project may have any name', async () => {
  for (const project of ['pröj #1?', `it's "a", b=c&d%20`, '😀', 'a.b', 'x'.repeat(200)]) {
    const kvTable = `${project}/model-endpoints/endpoints`
    const table = `/${project}/model-endpoints/events`
    const own = await startV3ioDoubles({ kvTable, tsdb: { container: CONTAINER, table } })
    try {
      const id: Attribute = { type: 'string', value: project }
      assert.deepEqual(await own.store.kv.write([update('e', { project: id })]), written)
      assert.deepEqual(await own.store.tsdb.write([row('e', { a: 1 })]), written)
      assert.equal((await own.store.reader.endpoints())[0]?.get('project'), project)
      assert.equal((await own.store.reader.series({ limit: 9 })).length, 1)
      const claim = { log: 'l', endpointId: 'e', hour: 1, number: 1, firstOffset: 0, lastOffset: 1 }
      assert.equal(await own.store.claims.create(claim), true)
      assert.deepEqual(await own.store.claims.list('l'), [claim])
      assert.deepEqual(own.warnings, [])
    } finally {
      await own.close()
    }
  }
})
