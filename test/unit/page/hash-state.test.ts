// Claim: what the page shows is in its address and comes back from it, for any text; an address that nobody has made
// shows the list.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SHOWS, SORT_KEYS } from '../../../page/endpoints.ts'
import { formatHash, parseHash, RANGES, START } from '../../../page/hash-state.ts'

test('every state comes back from its address', () => {
  const state = fc.record(
    {
      endpoint: fc.string({ unit: 'grapheme' }),
      text: fc.string({ unit: 'grapheme' }),
      show: fc.constantFrom(...SHOWS),
      sort: fc.constantFrom(...SORT_KEYS),
      isDescending: fc.boolean(),
      range: fc.constantFrom(...RANGES),
      order: fc.constantFrom('drift' as const, 'name' as const),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(state, (one) => assert.deepEqual(parseHash(formatHash(one)), one)))
})

test('addresses are short, and what is unknown in them counts as not given', () => {
  assert.equal(formatHash(START), '#')
  assert.equal(formatHash({ ...START, sort: 'rate', isDescending: true }), '#sort=-rate')
  assert.equal(formatHash({ ...START, endpoint: 'a b', text: 'x&y' }), '#endpoint=a+b&q=x%26y')
  for (const hash of ['', '#', '#sort=-nothing&show=none&range=9y&order=x', '#%E0%A4%A', '#/a/b']) {
    assert.deepEqual(parseHash(hash), START, hash)
  }
})
