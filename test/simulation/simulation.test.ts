// Nothing lost, nothing twice: the core keeps its promises when it dies at any port call of a fixed scenario, and
// under two hundred seeded schedules of crashes, bad disks, lying stores and jumping clocks. The same seed gives
// the same run, step by step.
import assert from 'node:assert'
import { test } from 'node:test'
import { simulateWith } from './simulate-with.ts'

test('it dies at each call once, and two hundred schedules go wrong in every way', () => {
  const { status, stdout, stderr } = simulateWith('--seeds', '200')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /200 seeds, \d{4} crashes of the sweep/)
})

test('the same seed gives the same run, another one another run', () => {
  const digests = ['11', '11', '12'].map((seed) => {
    const { status, stdout, stderr } = simulateWith('--seed', seed)
    assert.equal(status, 0, stderr)
    return /Trace ([0-9a-f]{16})/.exec(stdout)?.[1]
  })
  assert(digests[0] !== undefined)
  assert.equal(digests[1], digests[0])
  assert.notEqual(digests[2], digests[0])
})

test('what a failure prints repeats it', () => {
  const bug = ['--bug', 'counters-not-in-checkpoint']
  const found = simulateWith('--seed', '1', '--seeds', '50', ...bug)
  assert.equal(found.status, 1)
  const repeat = /npm run simulate -- (--seed \d+ --bug \S+)/.exec(found.stderr)?.[1]
  assert(repeat !== undefined, found.stderr)
  const again = simulateWith(...repeat.split(' '))
  assert.equal(again.status, 1)
  assert.equal(lastStepsOf(again.stderr), lastStepsOf(found.stderr))
  assert.notEqual(lastStepsOf(again.stderr), '')
})

function lastStepsOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^ {2}\d+ /.test(line))
    .join('\n')
}
