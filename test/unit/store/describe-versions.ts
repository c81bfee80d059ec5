import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Attribute, EndpointUpdate, Store } from '../../../lib/stream/ports.ts'
import { type RecordVersion, versionAttributes } from '../../../lib/stream/record-version.ts'

const WRITTEN = { kind: 'written' }

/** What a store has to do with updates of records that come late; each test works with records of its own. */
export function describeVersions(storeOf: () => Pick<Store, 'kv' | 'records'>): void {
  const write = async (...updates: readonly EndpointUpdate[]): Promise<void> => {
    assert.deepEqual(await storeOf().kv.write(updates), WRITTEN)
  }
  const read = async (id: string): Promise<Record<string, unknown>> =>
    Object.fromEntries((await storeOf().records.read([id])).get(id) ?? [])

  test('an update that is older than what its log has written changes nothing, and is settled', async () => {
    const id = randomUUID()
    await write(update(id, { log: 'a', epoch: 2, version: 9 }, { text: 'new', gone: null }))
    const record = await read(id)
    assert.equal(record['text'], 'new')
    for (const [epoch, version] of [
      [1, 100],
      [2, 8],
      [2, 9],
      [0, 0],
    ] as const) {
      await write(update(id, { log: 'a', epoch, version }, { text: 'old', more: 'x', gone: 'y' }))
      assert.deepEqual(await read(id), record)
    }
    // Beside others in one call, which are written.
    const other = randomUUID()
    await write(
      update(id, { log: 'a', epoch: 1, version: 1 }, { text: 'old' }),
      update(other, { log: 'a', epoch: 1, version: 1 }, { text: 'first' }),
    )
    assert.deepEqual(await read(id), record)
    assert.equal((await read(other))['text'], 'first')
  })

  test('an older update takes nothing out of the record', async () => {
    const id = randomUUID()
    await write(update(id, { log: 'a', epoch: 1, version: 2 }, { average: 'kept' }))
    await write(update(id, { log: 'a', epoch: 1, version: 1 }, { average: null }))
    assert.equal((await read(id))['average'], 'kept')
    await write(update(id, { log: 'a', epoch: 1, version: 3 }, { average: null }))
    assert.equal('average' in (await read(id)), false)
  })

  test('neither another log nor a record without a version keeps an update from being written', async () => {
    const id = randomUUID()
    const plain = (text: string): EndpointUpdate => update(id, null, { text })
    await write(plain('registered'))
    await write(update(id, { log: 'a', epoch: 1, version: 5 }, { text: 'a' }))
    assert.equal((await read(id))['text'], 'a')
    await write(update(id, { log: 'b', epoch: 0, version: 0 }, { text: 'b' }))
    assert.equal((await read(id))['text'], 'b')
    await write(plain('registered again'))
    const record = await read(id)
    assert.equal(record['text'], 'registered again')
    assert.equal(record['stream_log'], 'b')
    await write(update(id, { log: 'b', epoch: 0, version: 0 }, { text: 'late' }))
    assert.equal((await read(id))['text'], 'registered again')
  })

  test('what others have put where a version should be keeps nothing from being written', async () => {
    for (const odd of [
      { stream_log: 'a' },
      { stream_log: 'a', stream_epoch: 'nine' },
      { stream_epoch: 9, stream_version: 9 },
      { stream_log: 7, stream_epoch: 9, stream_version: 9 },
    ]) {
      const id = randomUUID()
      await write(update(id, null, odd))
      await write(update(id, { log: 'a', epoch: 1, version: 1 }, { text: 'written' }))
      const { text, stream_epoch: epoch } = await read(id)
      assert.deepEqual([text, epoch], ['written', 1], JSON.stringify(odd))
    }
  })

  test('whatever comes when: the record is what a dull reading of the law leaves (property)', async () => {
    const anyVersion = fc.option(
      fc.record({
        log: fc.constantFrom('a', 'b'),
        epoch: fc.integer({ min: 0, max: 2 }),
        version: fc.integer({ min: 0, max: 3 }),
      }),
      { freq: 6 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyVersion, { minLength: 1, maxLength: 10 }), async (versions) => {
        const id = randomUUID()
        let [expected, last]: [number, RecordVersion | null] = [-1, null]
        for (const [index, version] of versions.entries()) {
          await write(update(id, version, { index }))
          if (isLate(last, version)) continue
          expected = index
          last = version ?? last
        }
        assert.equal((await read(id))['index'], expected)
      }),
      { numRuns: 40 },
    )
  })
}

/** Pairs as texts of two digits sort as they are to be compared. */
function isLate(last: RecordVersion | null, given: RecordVersion | null): boolean {
  if (last === null || given === null || last.log !== given.log) return false
  return `${given.epoch}${given.version}` <= `${last.epoch}${last.version}`
}

type Values = Readonly<Record<string, string | number | null>>

/** An update of one endpoint; without a version, as a registration is. */
export function update(
  endpointId: string,
  version: RecordVersion | null,
  values: Values,
): EndpointUpdate {
  const attributes = new Map(
    Object.entries(values).map(([name, value]) => [name, attributeOf(value)]),
  )
  if (version !== null) {
    for (const [name, attribute] of versionAttributes(version)) attributes.set(name, attribute)
  }
  return { endpointId, attributes }
}

function attributeOf(value: string | number | null): Attribute {
  if (value === null) return { type: 'none', value }
  return typeof value === 'string' ? { type: 'string', value } : { type: 'int', value }
}
