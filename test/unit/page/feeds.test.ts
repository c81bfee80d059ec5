// Claim: one request at a time; nothing is read while nobody looks or a key is missing; a server that does not answer
// is tried again more and more seldom and at once taken up when it does; an answer that says the same
// changes nothing. Shown with a clock of the test's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, type Feed, Feeds, type Standing } from '../../../page/feeds.ts'

/** Time that goes on only when it is told to. */
class Time {
  nowMs = 0
  #timers: { atMs: number; work: () => void }[] = []

  after(ms: number, work: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, work }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  async passTo(atMs: number): Promise<void> {
    for (;;) {
      await settle()
      const next = this.#timers.sort((one, other) => one.atMs - other.atMs)[0]
      if (next === undefined || next.atMs > atMs) break
      this.nowMs = next.atMs
      this.#timers = this.#timers.filter((one) => one !== next)
      next.work()
    }
    this.nowMs = atMs
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

function trial() {
  const time = new Time()
  const asked: [number, string][] = []
  const standings: Standing[] = []
  const taken: [string, unknown][] = []
  const server = {
    answer: (path: string): Answer => ({ kind: 'found', text: JSON.stringify(path) }),
  }
  const feeds = new Feeds({
    ask: async (path) => {
      asked.push([time.nowMs, path])
      return server.answer(path)
    },
    nowMs: () => time.nowMs,
    after: (ms, work) => time.after(ms, work),
    onStanding: (standing) => standings.push(standing),
  })
  const feed = (path: string | (() => string | null), everyMs: number): Feed => ({
    path: typeof path === 'string' ? () => path : path,
    everyMs,
    take: (json) => taken.push([String(path), json]),
  })
  return { time, asked, standings, taken, server, feeds, feed }
}

test('each feed is read at its own pace, and what says the same is not taken again', async () => {
  const { time, asked, taken, feeds, feed } = trial()
  feeds.show([feed('often', 3000), feed('seldom', 10_000)])
  await time.passTo(10_000)
  assert.deepEqual(asked, [
    [0, 'often'],
    [0, 'seldom'],
    [3000, 'often'],
    [6000, 'often'],
    [9000, 'often'],
    [10_000, 'seldom'],
  ])
  assert.deepEqual(taken, [
    ['often', 'often'],
    ['seldom', 'seldom'],
  ])
})

test('nothing is read while nobody looks', async () => {
  const { time, asked, standings, feeds, feed } = trial()
  feeds.show([feed('one', 1000)])
  await time.passTo(500)
  feeds.pause()
  // Another filter, by a link that was followed elsewhere.
  feeds.refresh()
  await time.passTo(60_000)
  assert.equal(asked.length, 1)
  assert.deepEqual(standings.at(-1), { kind: 'paused' })
  feeds.resume()
  await time.passTo(60_500)
  assert.deepEqual(asked.at(-1), [60_000, 'one'])
  assert.deepEqual(standings.at(-1), { kind: 'live', atMs: 60_000 })
})

test('a server that does not answer is tried again, ever more seldom, and taken up at once', async () => {
  const { time, asked, standings, server, feeds, feed } = trial()
  const { answer } = server
  feeds.show([feed('one', 1000), feed('two', 1000)])
  await time.passTo(900)
  server.answer = () => ({ kind: 'no-answer', message: 'Gone.' })
  await time.passTo(30_000)
  const [since] = standings.filter(({ kind }) => kind === 'trouble')
  assert.deepEqual(since, { kind: 'trouble', message: 'Gone.', sinceMs: 0 })
  const times = asked.slice(2).map(([atMs]) => atMs)
  // After 2, 4, 6, 8 and then every 10 s, and only the first feed each time.
  assert.deepEqual(times, [1000, 3000, 7000, 13_000, 21_000])
  server.answer = answer
  await time.passTo(31_000)
  assert.deepEqual(asked.slice(7), [
    [31_000, 'one'],
    [31_000, 'two'],
  ])
  assert.deepEqual(standings.at(-1), { kind: 'live', atMs: 31_000 })
})

test('without a key nothing more is asked until one is given', async () => {
  const { time, asked, standings, server, feeds, feed } = trial()
  const { answer } = server
  server.answer = () => ({ kind: 'no-key', message: 'A key is needed.' })
  feeds.show([feed('one', 1000)])
  await time.passTo(60_000)
  feeds.pause()
  feeds.resume()
  await time.passTo(90_000)
  assert.equal(asked.length, 1)
  assert.deepEqual(standings, [{ kind: 'no-key', message: 'A key is needed.' }])
  server.answer = answer
  feeds.refresh({ isAll: true })
  await time.passTo(90_500)
  assert.equal(asked.length, 2)
  assert.deepEqual(standings.at(-1), { kind: 'live', atMs: 90_000 })
})

test('another path is read at once; another view leaves the one before', async () => {
  const { time, asked, feeds, feed } = trial()
  let path: string | null = null
  feeds.show([feed(() => path, 10_000)])
  await time.passTo(5000)
  assert.deepEqual(asked, [])
  path = 'a'
  feeds.refresh()
  await time.passTo(6000)
  path = 'b'
  feeds.refresh()
  await time.passTo(7000)
  feeds.show([feed('c', 10_000)])
  await time.passTo(8000)
  assert.deepEqual(asked, [
    [5000, 'a'],
    [6000, 'b'],
    [7000, 'c'],
  ])
})
