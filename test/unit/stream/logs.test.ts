// Claim: what is published of an endpoint is the sum over the logs of a process, whichever log its events
// are in. Shown by the same events in one log and shared out over three, with errors, late rows, labels
// that change, and a log that was delivered before by a process that is gone.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogEndpoints } from '../../../lib/stream/compute/endpoint-merge.ts'
import { inOrder } from '../../../lib/stream/deliver/in-order.ts'
import { Logs } from '../../../lib/stream/logs.ts'
import type { Outcome } from '../../../lib/stream/ports.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { withoutVersion } from '../../support/record-versions.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../../support/serving-event.ts'
import {
  nextTurns,
  openTestPipeline,
  type Survivors,
  type TestPipeline,
  testClock,
} from '../../support/test-pipeline.ts'

const SECOND_US = 1_000_000
const ENV = { SAMPLE_WINDOW: '1', KV_BATCHING_TIMEOUT_SECS: '1' }

function openLogs(count: number, survivors: Survivors): Promise<readonly TestPipeline[]> {
  const tables: LogEndpoints[] = []
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const log = `00000000-0000-4000-8000-00000000000${index}`
      return openTestPipeline(ENV, { ...survivors, log, tables })
    }),
  )
}

interface Step {
  /** Of three logs. */
  readonly log: number
  readonly kind: 'rows' | 'error' | 'bad'
  /** Seconds after the start at which it says that it happened; its arrival is in the order of steps. */
  readonly atSecs: number
  readonly rowCount: number
  readonly label: string
}

function eventOf({ kind, atSecs, rowCount, label }: Step, id: number): object {
  const when = whenAt(
    new Date(atSecs * 1000 + Date.UTC(2026, 10, 2, 8)).toISOString().slice(11, 19),
  )
  const rows = Array.from({ length: rowCount }, (_, row) => [row, 2])
  const fields = { when, microsec: 10 + id, labels: { owner: label }, ...call(`r${id}`, rows) }
  if (kind === 'error') return { ...servingEvent({ when }), op: 'infer', error: 'no' }
  return servingEvent(kind === 'bad' ? { ...fields, microsec: -1 } : fields)
}

/** Plays steps, and gives the record and the endpoint's status at the end. */
async function published(logCount: number, steps: readonly Step[]) {
  const store = memoryStore()
  const clock = testClock()
  const opened = await openLogs(logCount, { store, clock })
  const [own, ...others] = opened.map(({ pipeline }) => pipeline)
  assert(own !== undefined)
  const logs = new Logs(own)
  for (const other of others) logs.adopt(other)
  for (const [id, step] of steps.entries()) {
    clock.timeUs += SECOND_US
    opened[step.log % logCount]?.accept(eventOf(step, id))
    await nextTurns()
  }
  clock.timeUs += 10 * SECOND_US
  await logs.flushAll()
  const { endpoints, events, rows } = logs.status()
  return { record: withoutVersion(store.items.get(SERVING_ID)), endpoints, events, rows, logs }
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  log: fc.nat(2),
  kind: fc.constantFrom('rows', 'rows', 'rows', 'error', 'bad'),
  atSecs: fc.oneof(fc.nat(600), fc.constant(0)),
  rowCount: fc.integer({ min: 1, max: 3 }),
  label: fc.constantFrom('a', 'b'),
})

test('events of one endpoint in three logs: its record and status are those of one log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 12 }), async (given) => {
      // In the order of their times, as late rows depend on what came before in the same log.
      const steps = [...given].sort((a, b) => a.atSecs - b.atSecs)
      const one = await published(1, steps)
      const three = await published(3, steps)
      assert.deepEqual(three.record, one.record)
      assert.deepEqual(three.endpoints, one.endpoints)
      assert.deepEqual(three.events, one.events)
      assert.deepEqual(three.rows, one.rows)
    }),
    { numRuns: 60 },
  )
})

test('errors that the record knew before count once, those of every log once', async () => {
  const store = memoryStore()
  const [first] = await openLogs(1, { store })
  first?.accept({ ...servingEvent(), error: 'no' })
  await first?.pipeline.flushAll()
  await first?.pipeline.close()
  assert.deepEqual(store.items.get(SERVING_ID)?.get('error_count'), { type: 'int', value: 1 })

  const [second, third] = await openLogs(2, { store })
  second?.accept({ ...servingEvent(), error: 'no' })
  await second?.pipeline.flushAll()
  third?.accept({ ...servingEvent(), error: 'no' }) // its first reading has the error of the second
  await third?.pipeline.flushAll()
  await second?.pipeline.flushAll()
  assert.deepEqual(store.items.get(SERVING_ID)?.get('error_count'), { type: 'int', value: 3 })
})

test('an idle log says nothing while another has traffic, and its endpoints go when it is closed', async () => {
  const { logs, endpoints } = await published(2, [
    { log: 0, kind: 'rows', atSecs: 0, rowCount: 1, label: 'a' },
    { log: 1, kind: 'rows', atSecs: 1, rowCount: 1, label: 'a' },
  ])
  assert.equal(endpoints.length, 1)
  assert.equal(endpoints[0]?.predictions, 2)
  assert.deepEqual(logs.status().adopted, ['00000000-0000-4000-8000-000000000001'])
  await logs.close()
  assert.equal(logs.status().endpoints.length, 2, 'each log for itself')
})

test('records of several logs are written in the order in which they were made', async () => {
  const begun: number[] = []
  const ends: (() => void)[] = []
  const sink = inOrder({
    write: (updates) => {
      begun.push(updates.length)
      return new Promise<Outcome>((resolve, reject) => {
        ends.push(() =>
          updates.length === 1 ? reject(new Error('away')) : resolve({ kind: 'written' }),
        )
      })
    },
  })
  const update = { endpointId: 'e', attributes: new Map() }
  const first = sink.write([update])
  const second = sink.write([update, update])
  await nextTurns()
  assert.deepEqual(begun, [1])
  ends[0]?.()
  await assert.rejects(first, /away/)
  await nextTurns()
  assert.deepEqual(begun, [1, 2])
  ends[1]?.()
  assert.deepEqual(await second, { kind: 'written' })
})
