// Rows of many batches lie between each other: each batch finds its own, from the newest to the oldest and as
// they were written, whatever was given back meanwhile; and what was given back is used again.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_ROW, RowPool } from '../../../../lib/stream/deliver/row-pool.ts'

const WIDTH = 3

interface Chain {
  /** Newest first, with what was written into it. */
  readonly rows: { readonly row: number; readonly value: number }[]
}

test('each chain has its own rows, and no more room is made than was used at once (property)', () => {
  const steps = fc.array(fc.record({ chain: fc.nat(3), isGiven: fc.boolean() }), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(steps, (given) => {
      const room = new RowPool().roomFor(WIDTH)
      const chains: Chain[] = Array.from({ length: 4 }, () => ({ rows: [] }))
      const seen = new Set<number>()
      let usedMax = 0
      for (const [step, { chain, isGiven }] of given.entries()) {
        const { rows } = chains[chain] as Chain
        const [newest] = rows
        if (isGiven && newest !== undefined) {
          room.give({ newest: newest.row, oldest: rows.at(-1)?.row ?? NO_ROW })
          rows.length = 0
        } else {
          const row = room.take(newest?.row ?? NO_ROW)
          const at = room.placeOf(row)
          room.numbersOf(row).fill(step, at, at + WIDTH)
          rows.unshift({ row, value: step })
          seen.add(row)
        }
        usedMax = Math.max(usedMax, chains.flatMap(({ rows }) => rows).length)
      }
      assert.equal(seen.size, usedMax)
      for (const { rows } of chains) {
        let next = rows[0]?.row ?? NO_ROW
        for (const { row, value } of rows) {
          assert.equal(next, row)
          const at = room.placeOf(row)
          assert.deepEqual([...room.numbersOf(row).subarray(at, at + WIDTH)], [value, value, value])
          next = room.olderOf(row)
        }
        assert.equal(next, NO_ROW)
      }
    }),
  )
})

test('rows keep their numbers across the arrays that they are cut from', () => {
  const room = new RowPool().roomFor(WIDTH)
  let newest = NO_ROW
  for (let count = 0; count < 2_000; count++) {
    newest = room.take(newest)
    room.numbersOf(newest)[room.placeOf(newest) + WIDTH - 1] = count
  }
  for (let count = 1_999; count >= 0; count--) {
    assert.equal(room.numbersOf(newest)[room.placeOf(newest) + WIDTH - 1], count)
    newest = room.olderOf(newest)
  }
  assert.equal(newest, NO_ROW)
})

test('rows of one width share their room; a row has room for its width and its link', () => {
  const pool = new RowPool()
  assert.equal(pool.roomFor(WIDTH), pool.roomFor(WIDTH))
  assert.equal(pool.roomFor(WIDTH).rowBytes, 32)
  assert.equal(pool.roomFor(WIDTH + 1).rowBytes, 64)
})
