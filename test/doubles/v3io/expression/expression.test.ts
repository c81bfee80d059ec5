// Expressions mean what the platform's documentation says: a table of conditions, one of updates,
// and one of texts that are refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../refusal.ts'
import { type Attributes, parseAttributes } from '../typed-attribute.ts'
import { applyUpdate, lookupIn } from './apply-update.ts'
import { decodeArray, encodeArray } from './array-blob.ts'
import { readCondition } from './evaluate.ts'

const INTS = encodeArray({ kind: 'ints', value: [1n, 2n, 3n] }).toString('base64')
const DOUBLES = encodeArray({ kind: 'doubles', value: [1.5, 2.5] }).toString('base64')
const ITEM = {
  n: { N: '5' },
  whole: { N: '2.0' },
  half: { N: '0.5' },
  small: { N: '5E-01' },
  large: { N: '9007199254740993' },
  bad: { N: 'nan' },
  s: { S: 'text' },
  it: { S: "it's" },
  yes: { BOOL: true },
  when: { TS: '1622541600:250000000' },
  bytes: { B: 'AP8=' },
  ints: { B: INTS },
  doubles: { B: DOUBLES },
  count: { N: '1' },
  min: { N: '-1' },
}

const SYSTEM = new Map<string, { kind: 'text'; value: string }>([
  ['__name', { kind: 'text', value: '.#schema' }],
])

function itemOf(item: unknown): Attributes {
  return parseAttributes(item)
}

function isTrue(condition: string): boolean {
  const lookup = lookupIn(itemOf(ITEM), (name) => SYSTEM.get(name))
  return readCondition(condition)(lookup)
}

const TRUE = [
  '',
  '  ',
  'true',
  'n == 5',
  'n == 5.0',
  'n != 6',
  'n < 6 AND n <= 5 and n > 4 AnD n >= 5',
  'large > 9007199254740992',
  'large == 9007199254740993',
  'half == small',
  "s == 'text'",
  's == "text"',
  `it == "it's"`,
  "s > 'tex' and s < 'u'",
  's != n',
  'yes',
  'yes == true',
  'not (yes == false)',
  'NOT yes OR yes',
  'when > 1622541600:0 and when == 1622541600:250000000',
  'n in (1, 2+3)',
  "NOT s IN ('a', 'b')",
  'exists(s)',
  'not exists(absent)',
  "NOT exists(_enc) OR (exists(_enc) AND _enc == '1')",
  'not (absent == 1)',
  "starts(s,'te') and ends(s,'xt') and contains(s,'ex')",
  'if_not_exists(absent, 7) == 7 and if_not_exists(n, 7) == 5',
  'if_else(n > 4, 1, absent) == 1',
  'min(n, 3, 4) == 3 and max(n, 3, 9.5) == 9.5',
  'min(bad, 3) == 3',
  'sqrt(16) == 4',
  "blob('AP8=') == bytes",
  'length(s) == 4 and length(bytes) == 2 and length(ints) == 3',
  "to_int('12') == 12 and to_int(2.9) == 2",
  "str(n) == '5' and str(whole) == '2.0' and str(yes) == 'true'",
  'isnan(bad) and not isnan(n)',
  'ints[0] == 1 and ints[n - 3] == 3',
  'pmin(ints[1..2]) == 2 and pmax(ints) == 3 and psum(ints[0..1]) == 3',
  'psum(doubles) == 4.0',
  '1 + 2 * 3 == 7 and (1 + 2) * 3 == 9',
  '7 / 2 == 3 and 7 % 4 == 3 and 7 / 2.0 == 3.5',
  '-n == 0 - 5 and 2 - -3 == 5 and +n == 5',
  '9223372036854775807 > 0 and -9223372036854775808 < 0',
  'count == 1 and `min` == -1',
  "__name == '.#schema'",
]

const FALSE = [
  'false',
  'n == 6',
  'n == "5"',
  "n < '6'",
  'large == 9007199254740992',
  'bad == bad',
  'absent == 1',
  'absent != 1',
  'absent',
  'absent + 1 > 0',
  "starts(absent, 'x')",
  'absent in (1)',
  "__name!='.#schema'",
  'yes and n == 6',
]

for (const condition of TRUE) {
  test(`true: ${condition}`, () => assert.equal(isTrue(condition), true))
}
for (const condition of FALSE) {
  test(`false: ${condition}`, () => assert.equal(isTrue(condition), false))
}

const UPDATES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['', {}],
  [' ; ', {}],
  ['n = n + 1', { n: { N: '6' } }],
  ['n = n + 1; n = n * 2;', { n: { N: '12' } }],
  ['SET x = 1', { x: { N: '1' } }],
  ['x = 1.0', { x: { N: '1.0' } }],
  ['x = half * 4', { x: { N: '2.0' } }],
  ['x = 1e-7', { x: { N: '1e-7' } }],
  ['x = NaN; y = -inf', { x: { N: 'nan' }, y: { N: '-inf' } }],
  ['x = large + 1', { x: { N: '9007199254740994' } }],
  ["x = s + '!'", { x: { S: 'text!' } }],
  ['x = n > 4', { x: { BOOL: true } }],
  ['x = 12:5', { x: { TS: '12:5' } }],
  ["_v46=if_not_exists(_v46,blob('')) + blob('AA==')", { _v46: { B: 'AA==' } }],
  ["bytes = if_not_exists(bytes,blob('')) + blob('AA==')", { bytes: { B: 'AP8A' } }],
  ['delete(s)', { s: undefined }],
  ['delete(s, n, absent)', { s: undefined, n: undefined }],
  ['REMOVE s', { s: undefined }],
  ['`min` = 3', { min: { N: '3' } }],
  ['ints[1] = ints[1] * 10', { ints: ints(1n, 20n, 3n) }],
  ['ints[0..1] = 7', { ints: ints(7n, 7n, 3n) }],
  ['ints[1..2] = ints[0..1]', { ints: ints(1n, 1n, 2n) }],
  ['doubles[0] = 3', { doubles: doubles(3, 2.5) }],
  ['doubles[1]=min(doubles[1],0.25);', { doubles: doubles(1.5, 0.25) }],
  ["x=init_array(2,'int');x[1]=x[1]+4;", { x: ints(0n, 4n) }],
  ["x=init_array(2,'double',NaN);x[0]=max(x[0],2.000000);", { x: doubles(2, Number.NaN) }],
]

for (const [update, changes] of UPDATES) {
  test(`update: ${update}`, () => {
    const expected = Object.entries({ ...ITEM, ...changes }).filter(([, value]) => value)
    const updated = applyUpdate(update, itemOf(ITEM), () => undefined)
    assert.deepEqual(Object.fromEntries(updated), Object.fromEntries(expected))
  })
}

const REFUSED_CONDITIONS = [
  'n = 5',
  'n ==',
  '== 5',
  'n == 5 6',
  'n == 5; m == 6',
  '(n == 5',
  'unknown(n)',
  'exists()',
  "exists('n')",
  'min(n)',
  'min == -1',
  'str == 1',
  'set == 1',
  "s == 'a\\b'",
  "s == 'open",
  'n == #',
  'n',
  "s + 1 == 'x'",
  'n / 0 == 1',
  'ints[3] == 1',
  'ints[-1] == 1',
  'ints[2..1] == 1',
  'n[0] == 1',
  '`no-name` == 1',
  `${'('.repeat(200)}n${')'.repeat(200)} == 5`,
  `s == '${'x'.repeat(8 * 1024)}'`,
  `n == 1${' + 1'.repeat(700)}`,
]
for (const condition of REFUSED_CONDITIONS) {
  test(`refused condition: ${condition.slice(0, 40)}`, () => {
    assert.throws(() => isTrue(condition), isRefusal)
  })
}

test('700 operators are taken, in no more than 8 KB', () => {
  assert.equal(isTrue(`n != 1${' + 1'.repeat(699)}`), true)
})

const REFUSED_UPDATES = [
  'n == 5',
  'n = ',
  'n = 1 m = 2',
  'n = 1, m = 2',
  '5 = n',
  'x = absent',
  'n = absent + 1',
  '__name = 1',
  'delete(__name)',
  'delete()',
  'set = 1',
  'avg = 1',
  "it = 'it's'",
  'n = 9223372036854775807 + 1',
  'n[0] = 1',
  'x[0] = 1',
  'ints[3] = 1',
  'ints[0] = 1.5',
  'ints[0..2] = ints[0..1]',
  "x = init_array(0,'int')",
  "x = init_array(2,'text')",
  "x = blob('?')",
]
for (const update of REFUSED_UPDATES) {
  test(`refused update: ${update}`, () => {
    assert.throws(() => applyUpdate(update, itemOf(ITEM), () => undefined), isRefusal)
  })
}

test('a refused update leaves the attributes as they were', () => {
  const before = itemOf(ITEM)
  assert.throws(() => applyUpdate('n = 6; x = absent', before, () => undefined), isRefusal)
  assert.deepEqual(before, itemOf(ITEM))
})

test('sums of integers are exact, or refused beyond 64 bits', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(int64, int64, (left, right) => {
      const item = itemOf({ a: { N: String(left) }, b: { N: String(right) } })
      const sum = () => applyUpdate('c = a + b', item, () => undefined).get('c')
      if (BigInt.asIntN(64, left + right) === left + right) {
        assert.deepEqual(sum(), { N: String(left + right) })
      } else assert.throws(sum, isRefusal)
    }),
  )
})

test('text between quotes comes through whatever it is, without a backslash', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/["\\]/.test(text)),
      (text) => {
        const item = applyUpdate(`s = "${text}"`, new Map(), () => undefined)
        assert.deepEqual(item.get('s'), { S: text })
      },
    ),
  )
})

test('an array keeps its layout, and no other blob is taken for one', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (value) => {
      const bytes = encodeArray({ kind: 'ints', value })
      assert.deepEqual(decodeArray(bytes), { kind: 'ints', value })
      assert.equal(decodeArray(bytes.subarray(0, -1)), undefined)
      assert.equal(decodeArray(Buffer.concat([bytes, Buffer.alloc(8)])), undefined)
    }),
  )
  assert.equal(INTS, 'MEGrAAEAAAAYAAAAAwEAAAEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAA==')
  assert.equal(decodeArray(Buffer.from('AP8=', 'base64')), undefined)
})

function ints(...value: readonly bigint[]) {
  return { B: encodeArray({ kind: 'ints', value }).toString('base64') }
}

function doubles(...value: readonly number[]) {
  return { B: encodeArray({ kind: 'doubles', value }).toString('base64') }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Refusal && error.status === 400
}
