// Claim: a profile comes back from its text as it was, and a text that is none is refused with what is wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeProfile, encodeProfile } from '../../../lib/register/profile-format.ts'
import {
  decodeRegistration,
  encodeRegistration,
} from '../../../lib/register/registration-request.ts'
import { pythonFloat } from '../../../lib/register/stats-json.ts'
import type { ColumnStats, TrainingProfile } from '../../../lib/register/training-profile.ts'
import { cleanName } from '../../../lib/stream/compute/clean-name.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const histogram = fc.option(
  fc
    .tuple(fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), fc.integer())
    .map(([counts, first]) => ({
      counts,
      edges: [first, ...counts.map((_, bin) => first + bin + 1)],
    })),
)
const stats: fc.Arbitrary<ColumnStats> = fc.oneof(
  fc.record({
    kind: fc.constant('number' as const),
    count: fc.nat(),
    mean: fc.option(finite),
    std: fc.option(finite),
    min: fc.option(finite),
    max: fc.option(finite),
    histogram,
  }),
  fc.record({
    kind: fc.constant('category' as const),
    count: fc.nat(),
    unique: fc.nat(),
    top: fc.oneof(fc.string({ unit: 'binary' }), fc.boolean()),
    freq: fc.nat(),
    texts: fc.option(
      fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.nat()), {
        minLength: 1,
        maxLength: 64,
        selector: ([text]) => text,
      }),
    ),
    histogram,
  }),
)
const name = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.nat().map(String),
  fc.constant('__proto__'),
)
const profile: fc.Arbitrary<TrainingProfile> = fc
  .uniqueArray(
    name.map(cleanName).filter((one) => one !== ''),
    { minLength: 2, maxLength: 8 },
  )
  .chain((names) =>
    fc.record({
      columns: fc.tuple(...names.map((one) => fc.record({ name: fc.constant(one), stats }))),
      labelNames: fc.subarray(names.slice(1)),
    }),
  )

test('a profile comes back as it was, from a file and from a request (property)', () => {
  fc.assert(
    fc.property(profile, (given) => {
      assert.deepEqual(plain(decodeProfile(JSON.parse(encodeProfile(given)))), {
        ok: true,
        value: plain(given),
      })
      const names = { functionUri: 'p/f', model: 'm"\u2028', version: '' }
      const body = Buffer.from(encodeRegistration({ name: names, profile: given }))
      const value = plain({ name: names, profile: given })
      assert.deepEqual(plain(decodeRegistration(body)), { ok: true, value })
    }),
  )
})

/** Without the difference between 0 and -0. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('any JSON at all is a profile or refused with a complaint (property)', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const decoded = decodeProfile({
        format: 'model-monitoring-profile',
        version: 1,
        ...Object(value),
      })
      assert(!decoded.ok && decoded.complaint.length > 0)
    }),
  )
})

const COLUMN = {
  name: 'a',
  stats: {
    count: 2,
    mean: 1,
    hist: [
      [1, 1],
      [0, 1, 2],
    ],
  },
}
const GOOD = { format: 'model-monitoring-profile', version: 1, label_names: [], columns: [COLUMN] }

for (const { name: what, change, complaint } of [
  { name: 'another format', change: { format: 'x' }, complaint: /^it has no "format": / },
  {
    name: 'a newer version',
    change: { version: 2 },
    complaint: /^it is of version 2, .* version 1$/,
  },
  { name: 'no version', change: { version: undefined }, complaint: /^it is of version none, / },
  { name: 'no columns', change: { columns: [] }, complaint: /^its "columns" are no list of 1 to / },
  { name: 'a column twice', change: { columns: [COLUMN, COLUMN] }, complaint: /are called "a"$/ },
  {
    name: 'a name with blanks',
    change: { columns: [{ ...COLUMN, name: 'a b' }] },
    complaint: /no "name"/,
  },
  {
    name: 'a strange label',
    change: { label_names: ['y'] },
    complaint: /^its label "y" is none of /,
  },
  {
    name: 'labels alone',
    change: { label_names: ['a'] },
    complaint: /^all its columns are labels$/,
  },
  ...[
    { stats: null, complaint: /are no object$/ },
    { stats: { mean: 1 }, complaint: /have no "count"$/ },
    { stats: { count: 1, mean: '1' }, complaint: /have a "mean" that is no number$/ },
    { stats: { count: 1, unique: 1, freq: 1 }, complaint: /have no "top"$/ },
    {
      stats: { count: 1, unique: 1, top: 'a', freq: 1, categories: [[1], ['a', 'b']] },
      complaint: /have "categories" that are none$/,
    },
    {
      stats: {
        count: 2,
        unique: 1,
        top: 'a',
        freq: 1,
        categories: [
          [1, 1],
          ['a', 'a'],
        ],
      },
      complaint: /have "categories" that are none$/,
    },
    { stats: { count: 1, hist: [[1], [0]] }, complaint: /have a "hist" that is none$/ },
    { stats: { count: 1, hist: [[1], [1, 0]] }, complaint: /have a "hist" that is none$/ },
    { stats: { count: 1, hist: [[-1], [0, 1]] }, complaint: /have a "hist" that is none$/ },
  ].map(({ stats: bad, complaint }) => ({
    name: JSON.stringify(bad),
    change: { columns: [{ name: 'a', stats: bad }] },
    complaint,
  })),
]) {
  test(`refused: ${what}`, () => {
    assert(decodeProfile(GOOD).ok)
    const decoded = decodeProfile({ ...GOOD, ...change })
    assert(!decoded.ok)
    assert.match(decoded.complaint, complaint)
  })
}

test('numbers are spelled as Python spells floats', () => {
  for (const [value, text] of [
    [0, '0.0'],
    [-0, '-0.0'],
    [60, '60.0'],
    [-1.5, '-1.5'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.5e300, '1.5e+300'],
    [0.0001, '0.0001'],
    [0.00001234, '1.234e-05'],
    [5e-324, '5e-324'],
  ] as const) {
    assert.equal(pythonFloat(value), text)
  }
})
