import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { safeText } from '../../../../lib/store/safe-text.ts'
import type { Attribute, Claim, MetricRow, Store } from '../../../../lib/stream/ports.ts'
import { describeLedger } from '../describe-ledger.ts'
import { describeLogs } from '../describe-logs.ts'
import { describeReading } from '../describe-reading.ts'
import { describeVersions } from '../describe-versions.ts'

const HOUR_MS = 3_600_000
/** 2024-05-01T00:00:00.123Z: milliseconds that must come back exactly. */
const AT_MS = 1_714_521_600_123
/** Anything that has broken a store of somebody once. */
const ODD_TEXTS = [
  `it's "quoted"`,
  `'; DROP TABLE model_endpoints; --`,
  'back\\slash \\u0041 \\\\',
  'nul \0 inside',
  'lone \ud83d surrogate',
  'low \udc00',
  'pair 😀 and é',
  '__proto__',
  'constructor',
  'NULL',
  'null',
  '',
  '{}',
  '{a,b}',
  ' , ',
  'line\nfeed\ttab\r',
  '$1',
  'x'.repeat(300),
]

/**
 * The laws of the `Store` ports, for any engine. The store may hold rows of earlier runs: every
 * test works with names of its own.
 */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    describeRecords(() => store)
    describeMetrics(() => store)
    describeClaims(() => store)
    describeLogs(() => store.logs)
    describeVersions(() => store)
    describeLedger(() => store)
    describeReading(() => store)
  })
}

let count = 0
/** A name that no other test and no earlier run has. */
function unique(): string {
  count += 1
  return `${process.pid}-${Date.now()}-${count}`
}

function attributesOf(values: Record<string, string | number | boolean>): Map<string, Attribute> {
  return new Map(Object.entries(values).map(([name, value]) => [name, attributeOf(value)]))
}

function attributeOf(value: string | number | boolean): Attribute {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'boolean') return { type: 'boolean', value }
  return { type: 'double', value }
}

function describeRecords(store: () => Store): void {
  test('a merge keeps the other attributes and their types', async () => {
    const endpointId = unique()
    const first = attributesOf({ whole: 100, half: 0.1, text: '1', yes: true, tiny: 5e-324 })
    const second = attributesOf({ half: 1e300, no: false })
    assert.deepEqual(await store().kv.write([{ endpointId, attributes: first }]), written)
    assert.deepEqual(await store().kv.write([{ endpointId, attributes: second }]), written)
    const records = await store().records.read([endpointId, unique()])
    assert.equal(records.size, 1, 'an id without a record is left out')
    assert.deepEqual(
      records.get(endpointId),
      new Map(
        Object.entries({ whole: 100, half: 1e300, text: '1', yes: true, tiny: 5e-324, no: false }),
      ),
    )
  })

  test('an attribute without a value goes out of the record, whether it was there or not', async () => {
    const endpointId = unique()
    const none: Attribute = { type: 'none', value: null }
    await store().kv.write([{ endpointId, attributes: attributesOf({ a: 1, b: 2 }) }])
    const attributes = new Map([
      ['a', none],
      ['c', none],
    ])
    assert.deepEqual(await store().kv.write([{ endpointId, attributes }]), written)
    const records = await store().records.read([endpointId])
    assert.deepEqual(records.get(endpointId), new Map([['b', 2]]))
  })

  test('odd ids, names and values come back as the text rule spells them', async () => {
    const prefix = unique()
    const attributes = new Map<string, Attribute>(
      ODD_TEXTS.map((text) => [text, { type: 'string', value: text }]),
    )
    const ids = ODD_TEXTS.map((text) => prefix + text)
    const updates = ids.map((endpointId) => ({ endpointId, attributes }))
    assert.deepEqual(await store().kv.write(updates), written)
    const records = await store().records.read(ids)
    const expected = new Map(ODD_TEXTS.map((text) => [safeText(text), safeText(text)]))
    for (const id of ids) assert.deepEqual(records.get(id), expected)
  })

  test('two ids that the text rule makes equal share one record in one call', async () => {
    const id = unique()
    const updates = [
      { endpointId: `${id}\0`, attributes: attributesOf({ a: 1, b: 1 }) },
      { endpointId: `${id}\\u0000`, attributes: attributesOf({ b: 2 }) },
    ]
    assert.deepEqual(await store().kv.write(updates), written)
    const records = await store().records.read([`${id}\0`])
    assert.deepEqual(
      [...(records.values().next().value ?? [])],
      [
        ['a', 1],
        ['b', 2],
      ],
    )
  })

  test('a record that is refused does not cost its neighbours', async () => {
    const ids = [unique(), tooLong(), unique(), unique()]
    const updates = ids.map((endpointId) => ({ endpointId, attributes: attributesOf({ a: 1 }) }))
    const outcome = await store().kv.write(updates)
    assert.equal(outcome.kind, 'partial')
    assert.deepEqual(outcome.kind === 'partial' && outcome.refused.map(({ index }) => index), [1])
    assert.equal((await store().records.read(ids)).size, 3)
  })

  test('all records are listed, ordered by id', async () => {
    const prefix = unique()
    const ids = ['é', 'b', 'B', 'a', '😀'].map((letter) => `${prefix}-${letter}`)
    await store().kv.write(
      ids.map((id) => ({ endpointId: id, attributes: attributesOf({ endpoint_id: id }) })),
    )
    const listed = (await store().reader.endpoints()).map((record) => record.get('endpoint_id'))
    const ours = listed.filter((id) => String(id).startsWith(prefix))
    assert.deepEqual(
      ours.map((id) => String(id).slice(prefix.length + 1)),
      ['B', 'a', 'b', 'é', '😀'],
    )
  })
}

function describeMetrics(store: () => Store): void {
  test('numbers and texts come back at their millisecond, in order', async () => {
    const endpointId = unique()
    const values = { d: 0.1, c: 'text', b: 1e308, a: 5e-324, e: '', f: -1.5e-7 }
    const rows = [
      row({ endpointId, atMs: AT_MS + 1, values: { z: 1 } }),
      row({ endpointId, values }),
    ]
    assert.deepEqual(await store().tsdb.write(rows), written)
    const points = await store().reader.series({ endpointId, limit: 100 })
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

  test('of equal keys the first wins, and a retry changes nothing', async () => {
    const endpointId = unique()
    const rows = [
      row({ endpointId, values: { a: 1, b: 1 } }),
      row({ endpointId, values: { a: 2, c: 2 } }),
    ]
    const expected = { a: 1, b: 1, c: 2 }
    for (const _ of [1, 2]) {
      assert.deepEqual(await store().tsdb.write(rows), written)
      assert.deepEqual(await valuesOf(store(), endpointId), expected)
    }
    await store().tsdb.write([row({ endpointId, values: { a: 3, d: 3 } })])
    assert.deepEqual(await valuesOf(store(), endpointId), { ...expected, d: 3 })
  })

  test('odd texts come back as the text rule spells them', async () => {
    const prefix = unique()
    const rows = ODD_TEXTS.map((text) => ({
      endpointId: prefix + text,
      recordType: prefix + text,
      atMs: AT_MS,
      names: ODD_TEXTS,
      values: ODD_TEXTS,
    }))
    assert.deepEqual(await store().tsdb.write(rows), written)
    for (const { endpointId, recordType } of rows) {
      const points = await store().reader.series({ endpointId, recordType, limit: 100 })
      assert.deepEqual(
        new Set(points.map(({ metric, value }) => `${metric}=${value}`)),
        new Set(ODD_TEXTS.map((text) => `${safeText(text)}=${safeText(text)}`)),
      )
      assert.equal(points[0]?.endpointId, safeText(endpointId))
      const one = await store().reader.series({ endpointId, metric: 'nul \0 inside', limit: 9 })
      assert.equal(one.length, 1)
    }
  })

  test('rows of many statements and months are all written', async () => {
    const endpointId = unique()
    const names = Array.from({ length: 50 }, (_, index) => `feature_${index}`)
    const values = names.map((_, index) => index)
    const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
    const rows = Array.from({ length: 100 }, (_, index) => ({
      endpointId,
      recordType: 'endpoint_features',
      atMs: now - index * 10 * 24 * HOUR_MS, // 100 x 10 days: most of them have a partition
      names,
      values,
    }))
    assert.deepEqual(await store().tsdb.write(rows), written)
    assert.deepEqual(await store().tsdb.write(rows), written)
    assert.equal((await store().reader.series({ endpointId, limit: 10_000 })).length, 5_000)
  })

  test('rows that are refused do not cost their neighbours', async () => {
    const endpointId = unique()
    const rows = Array.from({ length: 20 }, (_, index) =>
      row({ endpointId, atMs: AT_MS + index, values: { a: index } }),
    )
    rows[3] = row({ endpointId, atMs: 9e15, values: { a: 3 } })
    rows[7] = row({ endpointId, atMs: AT_MS + 7, values: { a: 7, [tooLong()]: 7 } })
    rows[19] = row({ endpointId, atMs: Date.parse('-000001-01-01T00:00:00Z'), values: { a: 19 } })
    const outcome = await store().tsdb.write(rows)
    assert.equal(outcome.kind, 'partial')
    if (outcome.kind !== 'partial') return
    assert.deepEqual(outcome.unwritten, [])
    assert.deepEqual(
      outcome.refused.map(({ index, reason }) => [index, reason.slice(0, 2)]),
      [
        [3, '22'],
        [7, '54'],
        [19, '22'],
      ],
    )
    assert.equal((await store().reader.series({ endpointId, limit: 100 })).length, 17)
  })

  test('when every row is refused the call is rejected', async () => {
    const outcome = await store().tsdb.write([
      row({ endpointId: unique(), atMs: 9e15, values: { a: 1 } }),
      row({ endpointId: unique(), atMs: -9e15, values: { a: 1 } }),
    ])
    assert.equal(outcome.kind, 'rejected')
  })

  test('nothing to write is written', async () => {
    assert.deepEqual(await store().tsdb.write([]), written)
    assert.deepEqual(await store().kv.write([]), written)
    const endpointId = unique()
    assert.deepEqual(await store().tsdb.write([row({ endpointId, values: {} })]), written)
    assert.deepEqual(await store().kv.write([{ endpointId, attributes: new Map() }]), written)
  })

  test('a range has both ends, a limit keeps the newest', async () => {
    const endpointId = unique()
    await store().tsdb.write(
      Array.from({ length: 9 }, (_, index) =>
        row({ endpointId, atMs: AT_MS + index, values: { b: index, a: index } }),
      ),
    )
    const query = { endpointId, fromMs: AT_MS + 2, toMs: AT_MS + 4, limit: 5 }
    const points = await store().reader.series(query)
    assert.deepEqual(
      points.map(({ atMs, metric }) => `${atMs - AT_MS}${metric}`),
      ['2b', '3a', '3b', '4a', '4b'],
    )
    const everything = { endpointId, fromMs: -1e300, toMs: 1e300, limit: Number.POSITIVE_INFINITY }
    assert.equal((await store().reader.series(everything)).length, 18)
    assert.deepEqual(await store().reader.series({ ...query, recordType: 'other' }), [])
  })
}

function describeClaims(store: () => Store): void {
  test('a claim is made once and comes back exactly', async () => {
    const log = unique()
    const claim: Claim = {
      log,
      endpointId: 'e/1',
      hour: 476_256,
      number: 1,
      firstOffset: 0,
      lastOffset: Number.MAX_SAFE_INTEGER,
    }
    assert.equal(await store().claims.create(claim), true)
    assert.equal(await store().claims.create({ ...claim, lastOffset: 7 }), false)
    assert.equal(await store().claims.create({ ...claim, number: 2 }), true)
    assert.equal(await store().claims.create({ ...claim, log: `${log}-other` }), true)
    const claims = await store().claims.list(log)
    assert.deepEqual(
      claims.toSorted((a, b) => a.number - b.number),
      [claim, { ...claim, number: 2 }],
    )
  })

  test('of claims that race for a number one is made', async () => {
    const log = unique()
    const base = { log, endpointId: 'e', hour: 1, number: 1, lastOffset: 9 }
    const created = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((firstOffset) => store().claims.create({ ...base, firstOffset })),
    )
    assert.equal(created.filter((isMine) => isMine).length, 1)
    assert.equal((await store().claims.list(log))[0]?.firstOffset, created.indexOf(true) + 1)
  })
}

const written = { kind: 'written' }

function row({
  endpointId,
  atMs = AT_MS,
  values,
}: {
  endpointId: string
  atMs?: number
  values: Record<string, number | string>
}): MetricRow {
  return {
    endpointId,
    recordType: 'base_metrics',
    atMs,
    names: Object.keys(values),
    values: Object.values(values),
  }
}

async function valuesOf(store: Store, endpointId: string): Promise<Record<string, unknown>> {
  const points = await store.reader.series({ endpointId, limit: 1_000 })
  return Object.fromEntries(points.map(({ metric, value }) => [metric, value]))
}

/** More than an index entry of the engine holds, and not compressible into one. */
function tooLong(): string {
  return Array.from({ length: 4_000 }, (_, index) => index).join(unique().slice(-1))
}
