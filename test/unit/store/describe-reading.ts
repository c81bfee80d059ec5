import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Attribute, MetricRow, Store } from '../../../lib/stream/ports.ts'

const SECOND_MS = 1_714_521_600_000

/** What dashboards ask of a store's reader, for any store; each test works with an endpoint of its own. */
export function describeReading(
  storeOf: () => Pick<Store, 'kv' | 'tsdb' | 'reader' | 'records'>,
): void {
  test('means over spans of time have the time of their earliest value, and leave texts out', async () => {
    const { tsdb, reader } = storeOf()
    const endpointId = `means-${randomUUID()}`
    const row = (ms: number, value: number): MetricRow => ({
      endpointId,
      recordType: 'base_metrics',
      atMs: SECOND_MS + ms,
      names: ['mean_of', 'text_of'],
      values: [value, 'x'],
    })
    const rows = [row(100, 1), row(400, 2), row(999, 6), row(1000, 10)]
    assert.deepEqual(await tsdb.write(rows), { kind: 'written' })
    const query = { endpointId, fromMs: SECOND_MS, toMs: SECOND_MS + 1999, bucketMs: 1000 }
    const points = await reader.series({ ...query, limit: 9 })
    assert.deepEqual(
      points.map(({ atMs, metric, value }) => [atMs - SECOND_MS, metric, value]),
      [
        [100, 'mean_of', 3],
        [1000, 'mean_of', 10],
      ],
    )
    const [newest, ...others] = await reader.series({ ...query, limit: 1 })
    assert.deepEqual([newest?.value, others], [10, []])
    assert.deepEqual(await reader.series({ ...query, metric: 'text_of', limit: 9 }), [])
    const { endpointId: _, ...anybody } = query
    const ofSome = async (endpointIds: readonly string[]): Promise<number> =>
      (await reader.series({ ...anybody, endpointIds, metric: 'mean_of', limit: 9 })).length
    assert.deepEqual([await ofSome([endpointId, 'nobody']), await ofSome([])], [2, 0])
  })

  test('attributes that are not wanted are not read', async () => {
    const { kv, reader, records } = storeOf()
    const endpointId = `light-${randomUUID()}`
    const attributes = new Map<string, Attribute>([
      ['endpoint_id', { type: 'string', value: endpointId }],
      ['feature_stats', { type: 'string', value: '{}' }],
      ['error_count', { type: 'int', value: 3 }],
    ])
    assert.deepEqual(await kv.write([{ endpointId, attributes }]), { kind: 'written' })
    const all = await reader.endpoints({ without: ['feature_stats', 'nothing'] })
    const record = all.find((other) => other.get('endpoint_id') === endpointId)
    assert.deepEqual([...(record ?? [])].sort(), [
      ['endpoint_id', endpointId],
      ['error_count', 3],
    ])
    const read = await records.read([endpointId, 'nobody'], { without: ['feature_stats'] })
    assert.deepEqual([...read], [[endpointId, record]])
  })
}
