// How answers become committed offsets, the arithmetic that NUCLIO's Kafka trigger does, and that
// the file that keeps them survives a crash at any moment.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CommitMarks, fileOffsetStore, memoryOffsetStore } from '../src/runner.ts'
import { temporaryFolder } from './support/fixtures.ts'

const plain = { headers: {} }
const noAck = { headers: { 'X-Nuclio-Stream-No-Ack': true } }

test('an answer of any status marks its event and all before it', () => {
  const marks = new CommitMarks(new Map(), {})
  for (const offset of [0, 1, 2]) marks.onAnswer(4, offset, plain)
  assert.deepEqual([marks.markOf(4), marks.markOf(0)], [3, 0])
})

test('with a window of 2 the last two of five events come again', () => {
  const marks = new CommitMarks(new Map(), { ackWindowSize: 2 })
  for (const offset of [0, 1, 2, 3, 4]) marks.onAnswer(0, offset, plain)
  assert.deepEqual([...marks.takeDue()], [[0, 3]])
})

test('a held answer marks nothing; the next plain one marks it too', () => {
  const marks = new CommitMarks(new Map(), {})
  for (const offset of [0, 1, 2]) marks.onAnswer(0, offset, noAck)
  assert.equal(marks.markOf(0), 0)
  marks.onAnswer(0, 3, plain)
  assert.equal(marks.markOf(0), 4)
})

test('only the JSON boolean in the exact case holds, and only where it is enabled', () => {
  const marks = new CommitMarks(new Map(), {})
  marks.onAnswer(0, 0, { headers: { 'X-Nuclio-Stream-No-Ack': 'true' } })
  marks.onAnswer(1, 0, { headers: { 'x-nuclio-stream-no-ack': true } })
  const disabled = new CommitMarks(new Map(), { explicitAckMode: 'disable' })
  disabled.onAnswer(0, 0, noAck)
  assert.deepEqual([marks.markOf(0), marks.markOf(1), disabled.markOf(0)], [1, 1, 1])
})

test('marks only grow, until a death takes them back to what is committed', () => {
  const steps = fc.array(fc.record({ shard: fc.nat(2), offset: fc.nat(50), isHeld: fc.boolean() }))
  fc.assert(
    fc.property(steps, fc.nat(5), (answers, ackWindowSize) => {
      const marks = new CommitMarks(new Map([[0, 7]]), { ackWindowSize })
      for (const { shard, offset, isHeld } of answers) {
        marks.onAnswer(shard, offset, isHeld ? noAck : plain)
      }
      for (const shard of [0, 1, 2]) {
        const plainOffsets = answers.filter((each) => each.shard === shard && !each.isHeld)
        const marked = plainOffsets.map((each) => each.offset + 1 - ackWindowSize)
        assert.equal(marks.markOf(shard), Math.max(shard === 0 ? 7 : 0, ...marked))
        marks.rewind(shard)
        assert.equal(marks.markOf(shard), shard === 0 ? 7 : 0)
      }
    }),
  )
})

test('a file store keeps the offsets of other topics and shards', async () => {
  const path = join(temporaryFolder(), 'offsets.json')
  const store = fileOffsetStore(path)
  assert.deepEqual(await store.get('in'), new Map())
  await store.set(
    'in',
    new Map([
      [0, 5],
      [1, 6],
    ]),
  )
  await store.set('out', new Map([[0, 9]]))
  await store.set('in', new Map([[1, 7]]))
  assert.deepEqual(
    await fileOffsetStore(path).get('in'),
    new Map([
      [0, 5],
      [1, 7],
    ]),
  )
  assert.equal(readFileSync(path, 'utf8'), '{"in":{"0":5,"1":7},"out":{"0":9}}\n')
  assert.equal(existsSync(`${path}.tmp`), false)
  writeFileSync(`${path}.tmp`, '{"in":{"0"') // what a crash in the middle of a write leaves
  assert.deepEqual(await store.get('out'), new Map([[0, 9]]))
})

test('a file that is no offset store is not overwritten', async () => {
  const path = join(temporaryFolder(), 'notes.txt')
  writeFileSync(path, 'my notes')
  await assert.rejects(fileOffsetStore(path).set('in', new Map([[0, 1]])), SyntaxError)
  assert.equal(readFileSync(path, 'utf8'), 'my notes')
})

test('a memory store keeps what it is given', async () => {
  const store = memoryOffsetStore()
  await store.set('in', new Map([[0, 5]]))
  await store.set('in', new Map([[1, 6]]))
  assert.deepEqual(
    await store.get('in'),
    new Map([
      [0, 5],
      [1, 6],
    ]),
  )
})
