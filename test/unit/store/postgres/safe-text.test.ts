// Claim: what the text rule lets through is well formed, without NUL, and otherwise untouched.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { safeText } from '../../../../lib/store/safe-text.ts'

const ANY_TEXT = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) })
const NEAR_THE_RULE = fc.string({
  unit: fc.constantFrom('\0', '\\', 'u0000', '\ud83d', '\ude00', 'é', 'a'),
})

test('any text becomes one that UTF-8 gives back and that holds no NUL', () => {
  fc.assert(
    fc.property(fc.oneof(ANY_TEXT, NEAR_THE_RULE), (text) => {
      const safe = safeText(text)
      assert.equal(Buffer.from(safe, 'utf8').toString('utf8'), safe)
      assert.equal(safe.includes('\0'), false)
      assert.equal(safeText(safe), safe)
    }),
  )
})

test('a text that the stores can hold stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (!text.includes('\0')) assert.equal(safeText(text), text)
    }),
  )
})

test('NUL and lone surrogates are spelled as JSON escapes', () => {
  assert.equal(safeText('a\0b'), 'a\\u0000b')
  assert.equal(safeText('\ud83d'), '\\ud83d')
  assert.equal(safeText('😀\ude00\ud83d😀'), '😀\\ude00\\ud83d😀')
  assert.equal(safeText('\\u0000'), '\\u0000')
})
