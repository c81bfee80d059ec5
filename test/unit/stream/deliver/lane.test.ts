// A lane does its work one piece after the other, each until it is settled; the pauses between attempts
// grow to ten seconds and are half chance. Shown with a clock whose timers the test fires.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffMs, Lane, type LaneTask } from '../../../../lib/stream/deliver/lane.ts'
import type { Clock } from '../../../../lib/stream/ports.ts'

interface Timer {
  readonly ms: number
  readonly fire: () => void
}

interface TestLane {
  readonly lane: Lane
  readonly tasks: LaneTask[]
  readonly timers: Timer[]
  readonly retries: object[]
}

function laneOf(tasks: LaneTask[]): TestLane {
  const timers: Timer[] = []
  const clock: Clock = {
    nowUs: () => 0,
    after: (ms, fire) => {
      const timer = { ms, fire }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
  }
  const retries: object[] = []
  const lane = new Lane({
    next: () => tasks.shift() ?? null,
    clock,
    random: () => 0.5,
    onRetry: (retry) => void retries.push(retry),
  })
  return { lane, tasks, timers, retries }
}

/** A task that fails for some reasons first, and notes each attempt. */
function taskOf(name: string, log: string[], ...reasons: string[]): LaneTask {
  return {
    attempt: async () => {
      log.push(name)
      return reasons.shift() ?? null
    },
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('a pause doubles up to ten seconds, and half of it is chance (property)', () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), chance, chance, (attemptCount, a, b) => {
      const whole = Math.min(100 * 2 ** (attemptCount - 1), 10_000)
      const ms = backoffMs(attemptCount, a)
      assert(ms >= whole / 2 && ms <= whole)
      assert(backoffMs(attemptCount + 1, a) >= ms)
      assert(Math.abs(ms - backoffMs(attemptCount, b) - (whole / 2) * (a - b)) < 1e-6)
    }),
  )
})

test('the pauses of one failure after the other', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map((count) => backoffMs(count, 1))
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
  assert.equal(backoffMs(1, 0), 50)
  assert.equal(backoffMs(1000, 0), 5000)
})

test('work is done in order, the next piece after the one before it is settled', async () => {
  const log: string[] = []
  const { lane, timers, retries } = laneOf([
    taskOf('a', log),
    taskOf('b', log, 'away', 'still away'),
    taskOf('c', log),
  ])
  let isDone = false
  const running = lane.run().then(() => {
    isDone = true
  })
  await turns()
  assert.deepEqual(log, ['a', 'b'])
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [75],
  )
  timers.shift()?.fire()
  await turns()
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [150],
  )
  assert(!isDone)
  timers.shift()?.fire()
  await running
  assert.deepEqual(log, ['a', 'b', 'b', 'b', 'c'])
  assert.deepEqual(retries, [
    { reason: 'away', attemptCount: 1 },
    { reason: 'still away', attemptCount: 2 },
  ])
})

test('the count of attempts begins anew with each piece of work', async () => {
  const log: string[] = []
  const { lane, timers } = laneOf([taskOf('a', log, 'x', 'x', 'x'), taskOf('b', log, 'x')])
  const running = lane.run()
  const pauses: number[] = []
  for (let count = 0; count < 4; count++) {
    await turns()
    const timer = timers.shift()
    pauses.push(timer?.ms ?? 0)
    timer?.fire()
  }
  await running
  assert.deepEqual(pauses, [75, 150, 300, 75])
})

test('work that comes while the lane is at work is done in the same run, one at a time', async () => {
  const log: string[] = []
  let atWork = 0
  let atWorkMax = 0
  const slow = (name: string): LaneTask => ({
    attempt: async () => {
      atWork++
      atWorkMax = Math.max(atWork, atWorkMax)
      await turns()
      log.push(name)
      atWork--
      return null
    },
  })
  const { lane, tasks } = laneOf([slow('a')])
  const first = lane.run()
  tasks.push(slow('b'))
  const second = lane.run()
  await first
  assert.deepEqual(log, ['a', 'b'])
  await second
  tasks.push(slow('c'))
  await lane.run()
  assert.deepEqual(log, ['a', 'b', 'c'])
  assert.equal(atWorkMax, 1)
})

test('a closed lane ends its pause, tries nothing again and begins nothing more', async () => {
  const log: string[] = []
  const { lane, timers } = laneOf([taskOf('a', log, 'away'), taskOf('b', log)])
  const running = lane.run()
  await turns()
  assert.equal(timers.length, 1)
  await lane.close()
  await running
  assert.equal(timers.length, 0)
  await lane.run()
  assert.deepEqual(log, ['a'])
})

test('what is under way when a lane is closed comes to its end first', async () => {
  const log: string[] = []
  const { lane } = laneOf([
    {
      attempt: async () => {
        await turns()
        log.push('ended')
        return 'away'
      },
    },
  ])
  void lane.run()
  await lane.close()
  assert.deepEqual(log, ['ended'])
})

test('what an attempt throws is a bug of ours and ends the run', async () => {
  const { lane } = laneOf([{ attempt: () => Promise.reject(new Error('a bug')) }])
  await assert.rejects(lane.run(), /a bug/)
})
