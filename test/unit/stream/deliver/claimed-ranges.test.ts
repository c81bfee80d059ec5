// A row belongs to the one claim of its endpoint and hour whose range holds its offset: shown against a
// search through a plain list. Ranges of one key never overlap.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ClaimedRange, ClaimedRanges } from '../../../../lib/stream/deliver/claimed-ranges.ts'
import type { Claim } from '../../../../lib/stream/ports.ts'

function claimOf(fields: Partial<Claim>): Claim {
  return {
    log: 'log',
    endpointId: 'a',
    hour: 10,
    number: 1,
    firstOffset: 0,
    lastOffset: 0,
    ...fields,
  }
}

/** Claims one after the other, of few endpoints and hours. */
const anyClaims = fc
  .array(
    fc.record({
      endpointId: fc.constantFrom('a', 'b'),
      hour: fc.integer({ min: 8, max: 10 }),
      gap: fc.nat(3),
      length: fc.nat(3),
    }),
    { maxLength: 20 },
  )
  .map((parts) => {
    let offset = 0
    const numbers = new Map<string, number>()
    return parts.map(({ endpointId, hour, gap, length }) => {
      const key = `${endpointId} ${hour}`
      const number = (numbers.get(key) ?? 0) + 1
      numbers.set(key, number)
      const firstOffset = offset + gap
      offset = firstOffset + length + 1
      return claimOf({ endpointId, hour, number, firstOffset, lastOffset: offset - 1 })
    })
  })

test('a row is found in its range, whether claims were listed or made (property)', () => {
  fc.assert(
    fc.property(anyClaims, fc.nat(20), fc.array(fc.boolean()), (claims, listedCount, written) => {
      const listed = claims.slice(0, listedCount)
      const ranges: ClaimedRange[] = listed.map((claim, index) => ({
        claim,
        state: (written[index] ?? false) ? 'written' : 'promised',
      }))
      const claimed = new ClaimedRanges(ranges)
      const made = claims.slice(listedCount)
      for (const claim of made) claimed.add(claim)
      const all = [...ranges, ...made.map((claim) => ({ claim, state: 'written' as const }))]
      const last = Math.max(-1, ...claims.map(({ lastOffset }) => lastOffset))
      assert.equal(claimed.lastOffset, last)
      for (const endpointId of ['a', 'b', 'c']) {
        for (const hour of [7, 8, 9, 10]) {
          const own = all.filter(
            ({ claim }) => claim.endpointId === endpointId && claim.hour === hour,
          )
          assert.equal(claimed.nextNumber({ endpointId, hour }), own.length + 1)
          for (let offset = 0; offset <= last + 2; offset++) {
            const inside = own.find(
              ({ claim }) => claim.firstOffset <= offset && offset <= claim.lastOffset,
            )
            assert.deepEqual(claimed.find({ endpointId, hour }, offset), inside ?? null)
          }
        }
      }
    }),
  )
})

test('a number is never given twice, although claims are listed in no order and with gaps', () => {
  const claimed = new ClaimedRanges([
    { claim: claimOf({ number: 7, firstOffset: 70, lastOffset: 79 }), state: 'written' },
    { claim: claimOf({ number: 2, firstOffset: 20, lastOffset: 29 }), state: 'promised' },
  ])
  assert.equal(claimed.nextNumber({ endpointId: 'a', hour: 10 }), 8)
  assert.equal(claimed.nextNumber({ endpointId: 'a', hour: 11 }), 1)
})

test('ranges of one key may touch, not overlap; those of others may', () => {
  const claimed = new ClaimedRanges([])
  claimed.add(claimOf({ firstOffset: 5, lastOffset: 9 }))
  claimed.add(claimOf({ number: 2, firstOffset: 10, lastOffset: 10 }))
  claimed.add(claimOf({ number: 3, firstOffset: 0, lastOffset: 4 }))
  claimed.add(claimOf({ endpointId: 'b', firstOffset: 0, lastOffset: 99 }))
  claimed.add(claimOf({ hour: 11, firstOffset: 0, lastOffset: 99 }))
  for (const [firstOffset, lastOffset] of [
    [9, 9],
    [4, 5],
    [0, 99],
    [6, 7],
  ] as const) {
    assert.throws(() => claimed.add(claimOf({ number: 4, firstOffset, lastOffset })), {
      code: 'ERR_ASSERTION',
    })
  }
})

test('keys that were used longest ago are forgotten, the last offset is not', () => {
  const claimed = new ClaimedRanges([])
  claimed.add(claimOf({ hour: 9, firstOffset: 0, lastOffset: 50 }))
  claimed.add(claimOf({ hour: 8, firstOffset: 0, lastOffset: 9 }))
  claimed.add(claimOf({ hour: 10, firstOffset: 0, lastOffset: 40 }))
  claimed.add(claimOf({ hour: 8, number: 2, firstOffset: 10, lastOffset: 20 }))
  claimed.forgetBeyond(2)
  assert.equal(claimed.nextNumber({ endpointId: 'a', hour: 8 }), 3)
  assert.equal(claimed.find({ endpointId: 'a', hour: 9 }, 5), null)
  assert.equal(claimed.nextNumber({ endpointId: 'a', hour: 9 }), 1)
  assert.equal(claimed.find({ endpointId: 'a', hour: 10 }, 5)?.claim.hour, 10)
  assert.equal(claimed.lastOffset, 50)
})
