// Attributes come back as they were sent: any value that has a type on the platform. What has none is
// refused before it is sent, and what cannot be read is no value.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Attribute, decodeItem, encodeItem, type Value } from '../src/attributes.ts'

const MAGIC = [0x30, 0x41, 0xab, 0x00]
const int64 = () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const names = () =>
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/).filter((n) => !n.startsWith('__'))

function attributes(): fc.Arbitrary<Attribute> {
  // Bytes with an array's header are that array.
  const bytes = fc.uint8Array().filter((b) => !MAGIC.every((byte, index) => b[index] === byte))
  const seconds = fc.integer({ min: -(10 ** 12), max: 10 ** 12 })
  const times = fc
    .tuple(seconds, fc.nat(999_999_999))
    .map(([seconds, nanoseconds]) => ({ seconds, nanoseconds }))
  return fc.oneof(
    fc.string({ unit: 'grapheme' }).map((value) => ({ type: 'string', value }) as const),
    int64().map((value) => ({ type: 'int', value }) as const),
    fc.double().map((value) => ({ type: 'double', value }) as const),
    fc.boolean().map((value) => ({ type: 'boolean', value }) as const),
    bytes.map((value) => ({ type: 'bytes', value }) as const),
    times.map((value) => ({ type: 'timestamp', value }) as const),
    fc.bigInt64Array().map((value) => ({ type: 'ints', value }) as const),
    fc.float64Array().map((value) => ({ type: 'doubles', value }) as const),
  )
}

/** A whole number comes back as a number where that is exact; bytes as a Buffer. */
function comparable(attribute: Attribute): unknown {
  if (attribute.type === 'int') return { type: 'int', value: BigInt(attribute.value) }
  if (attribute.type === 'bytes') return { type: 'bytes', value: Buffer.from(attribute.value) }
  return attribute
}

test('any item comes back as it was sent', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names(), attributes())), (entries) => {
      const sent = new Map(entries)
      const back = decodeItem(JSON.parse(encodeItem(sent)))
      assert.deepEqual([...back.keys()], [...sent.keys()])
      for (const [name, attribute] of back) {
        const original = sent.get(name)
        assert(original !== undefined)
        assert.deepEqual(comparable(attribute), comparable(original))
      }
    }),
  )
})

test('every sign of a text is escaped as JSON wants it', () => {
  // Those that JSON writes in another way, each alone, at either end and in between.
  const signs = [
    ...Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)),
    '\u2028',
    'é',
    '😀',
  ]
  for (const sign of signs) {
    for (const text of [sign, `a${sign}`, `${sign}b`, `a${sign}b`]) {
      assert.equal(encodeItem({ t: text }), `{"t":{"S":${JSON.stringify(text)}}}`)
    }
  }
})

test('a plain value comes back with the type that it looks like', () => {
  const plain = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.double(),
    fc.maxSafeInteger(),
  )
  fc.assert(
    fc.property(plain, (value) => {
      fc.pre(typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value))
      const back = decodeItem(JSON.parse(encodeItem({ a: value }))).get('a')
      // -0 is a whole number, and its text is 0.
      assert.deepEqual(back?.value, Object.is(value, -0) ? 0 : value)
      const isDouble = typeof value === 'number' && !Number.isInteger(value)
      const type = typeof value === 'number' ? (isDouble ? 'double' : 'int') : typeof value
      assert.equal(back?.type, type)
    }),
  )
})

test('numbers are written as other clients read them', () => {
  const double = (value: number) => encodeItem({ a: { type: 'double', value } })
  assert.equal(double(1), '{"a":{"N":"1.0"}}')
  assert.equal(double(-0), '{"a":{"N":"-0.0"}}')
  assert.equal(double(1e-7), '{"a":{"N":"1e-7"}}')
  assert.equal(double(1e21), '{"a":{"N":"1e+21"}}')
  assert.equal(double(Number.NaN), '{"a":{"N":"nan"}}')
  assert.equal(double(Number.NEGATIVE_INFINITY), '{"a":{"N":"-inf"}}')
  assert.equal(encodeItem({ a: 2n ** 63n - 1n }), '{"a":{"N":"9223372036854775807"}}')
  assert.equal(encodeItem({ at: new Date(-1) }), '{"at":{"TS":"-1:999000000"}}')
})

test('numbers are read as other clients write them', () => {
  const read = (text: unknown) => decodeItem({ a: { N: text } }).get('a')
  assert.deepEqual(read('5E-01'), { type: 'double', value: 0.5 })
  assert.deepEqual(read('1.0'), { type: 'double', value: 1 })
  assert.deepEqual(read('+Inf'), { type: 'double', value: Number.POSITIVE_INFINITY })
  assert.deepEqual(read('+9223372036854775807'), { type: 'int', value: 2n ** 63n - 1n })
  assert.deepEqual(read('10000000000000000000000'), { type: 'double', value: 1e22 })
  assert.deepEqual(read(7), { type: 'int', value: 7 })
})

test('a name that every object has is an attribute like any other', () => {
  assert.deepEqual(decodeItem(JSON.parse('{"__proto__":{"S":"x"}}')).get('__proto__')?.value, 'x')
})

test('what the platform has no type for is refused', () => {
  // As JavaScript would give it, where nobody checks the types.
  const strangers: readonly unknown[] = [null, undefined, [], {}, () => 1, Symbol('x')]
  const values = [2 ** 53, 1e300, 2n ** 63n, '\ud800', new Date(Number.NaN), ...strangers]
  for (const value of values) {
    assert.throws(
      () => encodeItem({ a: value as Value }),
      { code: 'invalid-argument' },
      String(value),
    )
  }
  const time = { seconds: 1, nanoseconds: 1e9 }
  assert.throws(() => encodeItem({ a: { type: 'timestamp', value: time } }), { name: 'V3ioError' })
  for (const name of ['', '1a', 'a-b', 'a b', '__name', 'a'.repeat(256), 'ä']) {
    assert.throws(() => encodeItem({ [name]: 1 }), { code: 'invalid-argument' }, name)
  }
})

test('what cannot be read is a bad answer, never a value', () => {
  const broken = [
    'x',
    null,
    [],
    {},
    { S: 1 },
    { N: '0x10' },
    { N: '' },
    { N: '1.2.3' },
    { BOOL: 'true' },
  ]
  const more = [
    { B: '***' },
    { B: 'QQ' },
    { TS: '1' },
    { TS: '1:9999999999' },
    { X: '1' },
    { S: 'a', N: '1' },
  ]
  for (const raw of [...broken, ...more]) {
    assert.throws(() => decodeItem({ a: raw }), { code: 'bad-answer' }, JSON.stringify(raw))
  }
})
