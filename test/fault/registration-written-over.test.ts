// What went wrong: a registration came in while the stream was about to write names of its own for an endpoint
// that had none, and was written over. It is written again until it stays; and a store that refuses it is
// told of in the answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NuclioEvent } from 'nuclio-sdk-ts'
import { takeRegistration } from '../../handler/registrations.ts'
import type { Service } from '../../handler/wiring.ts'
import { encodeRegistration } from '../../lib/register/registration-request.ts'
import { memoryStore } from '../support/memory-store.ts'

const NUMBERS = { count: 1, mean: 1, std: null, min: 1, max: 1, histogram: null }
const BODY = encodeRegistration({
  name: { functionUri: 'p/f:v1', model: 'm', version: 'v1' },
  profile: {
    columns: ['a', 'b'].map((name) => ({ name, stats: { kind: 'number', ...NUMBERS } })),
    labelNames: [],
  },
})

/** As much of a service as a registration needs. */
function serviceOf(learn: (id: string) => Promise<void>) {
  const store = memoryStore()
  const parts = {
    checkLogs: () => undefined,
    registry: { records: store.records, kv: store.kv, defaultVersion: 'latest' },
    logs: { learn },
  }
  return { store, service: parts as unknown as Service }
}

async function post(service: Service): Promise<{ status: number; text: string }> {
  const event = { method: 'POST', path: '/api/register', body: Buffer.from(BODY) }
  const answer = await takeRegistration(event as unknown as NuclioEvent, service)
  const { status = 200, body } = answer as { status?: number; body: unknown }
  return { status, text: JSON.stringify(body) }
}

test('names that were written over are written again', async () => {
  let learnCount = 0
  const { store, service } = serviceOf(async (id) => {
    learnCount++
    const value = '["f0", "f1"]'
    if (learnCount === 1) store.items.get(id)?.set('feature_names', { type: 'string', value })
  })
  const { status } = await post(service)
  assert.equal(status, 200)
  assert.equal(learnCount, 2)
  const [record] = store.items.values()
  assert.equal(record?.get('feature_names')?.value, '["a", "b"]')
})

test('a store that refuses it is told of, and nothing is learned', async () => {
  const { store, service } = serviceOf(() => assert.fail('there is nothing to learn'))
  store.outcomes.kv.push({ kind: 'rejected', reason: 'too large' })
  const { status, text } = await post(service)
  assert.equal(status, 503)
  assert.match(text, /The store did not take the registration \(too large\)/)
})
