// Claim: the clock of a recorded stream goes on with its events and never back; an event that is pushed over HTTP
// makes it the time of day, which goes on by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NuclioEvent } from 'nuclio-sdk-ts'
import { triggerClock } from '../../../handler/clocks.ts'

function arriving(kind: string, time: string): NuclioEvent {
  return { timestamp: new Date(time), trigger: { kind, name: kind } } as unknown as NuclioEvent
}

const NINE = Date.parse('2021-07-01T09:00:00Z') * 1000
const TEN = Date.parse('2021-07-01T10:00:00Z') * 1000

test('a recorded stream', () => {
  const clock = triggerClock()
  assert.equal(clock.nowUs(), 0)
  clock.resumeAt(NINE)
  assert.equal(clock.nowUs(), NINE)
  assert.equal(clock.arrivalUs(arriving('kafka-cluster', '2021-07-01T10:00:00Z')), TEN)
  assert.equal(clock.arrivalUs(arriving('kafka-cluster', '2021-07-01T09:30:00Z')), TEN)
  assert.equal(clock.arrivalUs(arriving('cron', '1970-01-01T00:00:00Z')), TEN)
  assert.equal(clock.nowUs(), TEN)
})

test('an event that is pushed', (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: TEN / 1000 + 5000 })
  const clock = triggerClock()
  clock.arrivalUs(arriving('kafka-cluster', '2021-07-01T10:00:00Z'))
  context.mock.timers.tick(1000)
  assert.equal(clock.nowUs(), TEN)
  clock.arrivalUs(arriving('http', '2021-07-01T10:00:06Z'))
  assert.equal(clock.nowUs(), TEN + 6_000_000)
  context.mock.timers.tick(1500)
  assert.equal(clock.nowUs(), TEN + 7_500_000)
})
