// Claim: of updates of one log a record in V3IO keeps the newest, whatever comes late, twice or at once, by one
// request a record; and where the platform takes a condition to be false because an attribute is absent, or
// an answer is lost, the record is looked at before that is believed.
import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import type { EndpointUpdate, Store } from '../../../../lib/stream/ports.ts'
import {
  CONTAINER,
  KV_TABLE,
  startV3ioDoubles,
  type V3ioDoubles,
} from '../../../support/v3io-doubles.ts'
import { describeVersions, update } from '../describe-versions.ts'

const WRITTEN = { kind: 'written' }
/** As the platform says it; nothing is written. */
const FALSE = { kind: 'status', status: 400, errorCode: 16777244 } as const

let doubles: V3ioDoubles
before(async () => {
  doubles = await startV3ioDoubles({ backoffMs: 1 })
})
beforeEach(() => doubles.v3io.clearFaults())
after(() => doubles.close())

describeVersions(() => doubles.store)

async function write(updates: readonly EndpointUpdate[], store: Store = doubles.store) {
  assert.deepEqual(await store.kv.write(updates), WRITTEN)
}

function textOf(id: string): unknown {
  return doubles.v3io.item(CONTAINER, `${KV_TABLE}/${id}`)?.get('text')
}

function requestsOf(id: string): readonly string[] {
  return doubles.v3io.requests
    .filter(({ path }) => path.endsWith(`/${id}`))
    .map(({ function: name }) => String(name))
}

/** The next writes of items are answered as if their condition were false. */
function takeForFalse(times: number): void {
  doubles.v3io.inject({ kind: FALSE, times, matches: ({ function: name }) => name === 'PutItem' })
}

const first = { log: 'a', epoch: 1, version: 1 }
const second = { log: 'a', epoch: 1, version: 2 }

test('one request a record: a new one, one of a registration, one of ours, one of another log', async () => {
  const [fresh, registered] = [randomUUID(), randomUUID()]
  await write([update(registered, null, { text: 'registered' })])
  for (const version of [first, second, { ...second, log: 'b' }, { ...first, epoch: 2 }]) {
    await write([update(fresh, version, { text: 'x' }), update(registered, version, { text: 'x' })])
  }
  assert.deepEqual(requestsOf(fresh), Array(4).fill('PutItem'))
  assert.deepEqual(requestsOf(registered), Array(5).fill('PutItem'))
})

test('where a condition on what is absent is false, the record is looked at and written', async () => {
  const [fresh, registered] = [randomUUID(), randomUUID()]
  await write([update(registered, null, { text: 'registered', other: 'stays' })])
  takeForFalse(2)
  await write([update(fresh, first, { text: 'x' }), update(registered, first, { text: 'x' })])
  assert.deepEqual(textOf(fresh), { S: 'x' })
  assert.deepEqual(textOf(registered), { S: 'x' })
  const record = doubles.v3io.item(CONTAINER, `${KV_TABLE}/${registered}`)
  assert.deepEqual(record?.get('other'), { S: 'stays' })
  assert.deepEqual(requestsOf(fresh), ['PutItem', 'GetItem', 'PutItem'])
  // From then on it is one request.
  await write([update(fresh, second, { text: 'y' })])
  assert.equal(requestsOf(fresh).length, 4)
})

test('an answer that is lost is not taken for a refusal, and what has no value goes out all the same', async () => {
  const id = randomUUID()
  await write([update(id, first, { text: 'x', average: 'old' })])
  const matches = ({ path }: { readonly path: string }): boolean => path.endsWith(`/${id}`)
  doubles.v3io.inject({ kind: { kind: 'reset', applied: true }, times: 1, matches })
  await write([update(id, second, { text: 'y', average: null })])
  const record = doubles.v3io.item(CONTAINER, `${KV_TABLE}/${id}`)
  assert.deepEqual(record?.get('text'), { S: 'y' })
  assert.equal(record?.has('average'), false)
})

test('what goes out with an older update stays when that comes between the two of a newer one', async () => {
  const id = randomUUID()
  await write([update(id, first, { average: 'x' })])
  // The older one has been written, and before it can take out the average, the newer one comes.
  const matches = ({ function: name }: { readonly function: string | null }): boolean =>
    name === 'UpdateItem'
  doubles.v3io.inject({ kind: { kind: 'delay', ms: 200 }, times: 1, matches })
  const older = write([update(id, second, { average: null })])
  while (!requestsOf(id).includes('UpdateItem'))
    await new Promise((resolve) => setImmediate(resolve))
  await write([update(id, { ...second, version: 3 }, { average: 'y' })], doubles.openAnother())
  await older
  const record = doubles.v3io.item(CONTAINER, `${KV_TABLE}/${id}`)
  assert.deepEqual(record?.get('average'), { S: 'y' })
})

test('of many writers at once the newest update stays, also where each has to look', async () => {
  const stores = [doubles.store, doubles.openAnother(), doubles.openAnother()]
  for (const times of [0, 6, 20]) {
    const id = randomUUID()
    await write([update(id, null, { text: 'registered' })])
    takeForFalse(times)
    const versions = Array.from({ length: 12 }, (_, index) => (index * 7) % 12)
    await Promise.all(
      versions.map((version, index) => {
        const given = update(id, { ...first, version }, { text: `v${version}` })
        return write([given], stores[index % stores.length])
      }),
    )
    doubles.v3io.clearFaults()
    assert.deepEqual(textOf(id), { S: 'v11' }, `${times}`)
  }
})

test('a record that others write again and again is tried again later', async () => {
  const id = randomUUID()
  await write([update(id, null, { text: 'registered' })])
  takeForFalse(Number.POSITIVE_INFINITY)
  const outcome = await doubles.store.kv.write([update(id, first, { text: 'x' })])
  assert.deepEqual(outcome, {
    kind: 'retry',
    reason: 'A record is written by others again and again',
  })
  assert.deepEqual(textOf(id), { S: 'registered' })
})
