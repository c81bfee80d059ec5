// Claim: exactly the rows that an engine refuses are refused, its trouble loses nothing, and the
// outcome tells which rows are written. Shown against an engine of a few lines.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { bisect } from '../../../lib/store/bisect.ts'
import { isRefusal, verdict } from '../../../lib/store/postgres/refusal.ts'
import type { Outcome } from '../../../lib/stream/ports.ts'

function engineError(code: string): Error {
  return Object.assign(new Error('no'), { code })
}

/** Indexes by what became of them, each of 0..count in one list. */
function sorted(outcome: Outcome, count: number): { unwritten: number[]; refused: number[] } {
  const all = Array.from({ length: count }, (_, index) => index)
  switch (outcome.kind) {
    case 'written':
      return { unwritten: [], refused: [] }
    case 'retry':
      return { unwritten: all, refused: [] }
    case 'rejected':
      return { unwritten: [], refused: all }
    case 'partial':
      return {
        unwritten: [...outcome.unwritten],
        refused: outcome.refused.map(({ index }) => index),
      }
  }
}

test('refused, unwritten and written rows are told apart', async () => {
  const scenario = fc.record({
    isBad: fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
    callsUntilTrouble: fc.nat(30),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ isBad, callsUntilTrouble }) => {
      const written = new Set<number>()
      let calls = 0
      const write = async (from: number, to: number): Promise<void> => {
        calls += 1
        if (calls > callsUntilTrouble) throw engineError('57P01')
        if (isBad.slice(from, to).includes(true)) throw engineError('22008')
        for (let index = from; index < to; index++) written.add(index)
      }
      const outcome = await bisect(isBad.length, write, verdict)
      const { unwritten, refused } = sorted(outcome, isBad.length)
      for (const index of refused) assert.equal(isBad[index], true)
      assert.deepEqual(
        [...unwritten, ...refused, ...written].sort((a, b) => a - b),
        isBad.map((_, index) => index),
      )
      assert.ok(calls <= callsUntilTrouble + 1, 'after trouble nothing else is tried')
      if (callsUntilTrouble >= 2 * isBad.length) {
        assert.deepEqual(unwritten, [])
        assert.equal(refused.length, isBad.filter((bad) => bad).length)
      }
    }),
  )
})

test('one bad row of 1,024 costs 21 calls', async () => {
  let calls = 0
  const write = async (from: number, to: number): Promise<void> => {
    calls += 1
    if (from <= 700 && 700 < to) throw engineError('22008')
  }
  await bisect(1_024, write, verdict)
  assert.equal(calls, 21)
})

test('only a complaint about the data is a refusal', () => {
  for (const code of ['22008', '22P05', '23502', '23514', '54000']) {
    assert.equal(isRefusal(engineError(code)), true, code)
  }
  const trouble = '08006 23505 25006 40001 40P01 42P01 53100 53300 57014 57P01 58030 XX000'
  for (const code of [...trouble.split(' '), 'ECONNREFUSED', '', '22', '22-long']) {
    assert.equal(isRefusal(engineError(code)), false, code)
  }
})

test('a broken assertion of ours is not taken for trouble of the engine', async () => {
  await assert.rejects(
    bisect(1, async () => assert.fail('ours'), verdict),
    { code: 'ERR_ASSERTION' },
  )
})
