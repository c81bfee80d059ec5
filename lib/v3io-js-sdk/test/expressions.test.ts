// Values get into expressions so that they mean themselves, or not at all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  attributeName,
  checkExpression,
  equals,
  type LiteralValue,
  literal,
} from '../src/expressions.ts'

test('a text in quotes ends where the text ends', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', "'", '"', '\\', ' ', ';', 'é') }),
      (text) => {
        const isWritable = !text.includes('\\') && !(text.includes("'") && text.includes('"'))
        if (!isWritable) assert.throws(() => literal(text), { code: 'invalid-argument' })
        else {
          const written = literal(text)
          assert.equal(written.slice(1, -1), text)
          assert(written[0] === "'" || written[0] === '"')
          assert.equal(written.at(-1), written[0])
          assert(!text.includes(written[0]))
        }
      },
    ),
  )
})

test('other values have the forms of the language', () => {
  const forms: readonly (readonly [LiteralValue, string])[] = [
    [42, '42'],
    [0.5, '0.5'],
    [1e300, '1e+300'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [true, 'true'],
    [new Date(1_622_541_600_250), '1622541600:250000000'],
    [Buffer.from([0, 255]), "blob('AP8=')"],
    [{ type: 'double', value: 1 }, '1.0'],
    [{ type: 'int', value: 1 }, '1'],
    [{ type: 'string', value: "it's" }, '"it\'s"'],
  ]
  for (const [value, form] of forms) assert.equal(literal(value), form)
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', new Date(Number.NaN)]) {
    assert.throws(() => literal(value), { code: 'invalid-argument' }, String(value))
  }
})

test('words of the language are in backquotes as names, in any case; count is none', () => {
  const names = ['min', 'MAX', 'In', 'count', '__name', 'mean'].map(attributeName)
  assert.deepEqual(names, ['`min`', '`MAX`', '`In`', 'count', '__name', 'mean'])
  assert.equal(equals('set', "it's"), '`set` == "it\'s"')
  for (const name of ['', 'a b', 'a;b', 'a`b', '1a']) {
    assert.throws(() => attributeName(name), { code: 'invalid-argument' }, name)
  }
})

test('8 KB of UTF-8 is the longest expression', () => {
  assert.equal(checkExpression('x'.repeat(8_192)).length, 8_192)
  assert.throws(() => checkExpression('é'.repeat(4_097)), { code: 'invalid-argument' })
})
