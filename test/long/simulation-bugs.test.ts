// The simulation can fail: each of its bugs, put into the sources, is found by two hundred seeds or by the sweep;
// and a bug whose place in the sources has changed is told of, not passed over.
import assert from 'node:assert'
import { test } from 'node:test'
import { BUGS } from '../../simulation/bugs.ts'
import { simulateWith } from '../simulation/simulate-with.ts'

test('each bug is found', () => {
  const { status, stdout, stderr } = simulateWith('--bug', 'all')
  assert.equal(status, 0, stdout + stderr)
  const found = stdout.split('\n').map((line) => line.split(' ')[0])
  for (const { name } of BUGS) assert(found.includes(name), name)
  assert(BUGS.length >= 10)
})

test('a bug that there is not is named as such', () => {
  const { status, stderr } = simulateWith('--bug', 'none-such')
  assert.notEqual(status, 0)
  assert.match(stderr, /There is no bug none-such/)
})
