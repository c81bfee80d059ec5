import fc from 'fast-check'
import type { ValueKind } from '../../../../lib/stream/ports.ts'
import type { DullRow, DullShape } from './dull-file.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a'), maxLength: 4 }),
  fc.constantFrom('', '__proto__', 'constructor', '0', 'a.b', '"', "'", '\0'),
)
/** Keys stay different when half surrogates are replaced. */
const key = text.map((each) => Buffer.from(each).toString())
const double = fc.double({ noNaN: true })
const doubleOrNull = fc.option(
  fc.oneof(double, fc.constantFrom(-0, 5e-324, 1.7976931348623157e308)),
)
const whole = fc.maxSafeNat()

function mapOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T> | null> {
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 3 })
  return fc.option(pairs.map((each) => new Map(each)))
}

function featureOf(kind: ValueKind): fc.Arbitrary<number | string | null> {
  return kind === 'text' ? fc.option(text) : doubleOrNull
}

function rowOf(kinds: readonly ValueKind[], predictionKind: ValueKind): fc.Arbitrary<DullRow> {
  const prediction: fc.Arbitrary<DullRow['prediction']> =
    predictionKind === 'text'
      ? fc.option(fc.array(text, { maxLength: 3 }))
      : fc.option(fc.array(doubleOrNull, { maxLength: 3 }))
  return fc.record({
    // Before 1970 too.
    atUs: fc.integer({ min: -6e15, max: Number.MAX_SAFE_INTEGER }),
    latencyUs: fc.option(whole),
    errorCount: fc.option(whole),
    offset: whole,
    identity: fc.record({ functionUri: text, model: text, modelClass: fc.option(text) }),
    labels: mapOf(text),
    firstRequest: text,
    lastRequest: text,
    requestId: text,
    prediction,
    features: fc.tuple(...kinds.map(featureOf)),
    metrics: mapOf(double),
    entities: mapOf(text),
  })
}

/** Rows of any content and the shape of their file. */
export const anyRows: fc.Arbitrary<{ rows: DullRow[]; shape: Partial<DullShape> }> = fc
  .record({
    named: fc.array(fc.tuple(key, fc.constantFrom<ValueKind>('double', 'text')), { maxLength: 6 }),
    predictionKind: fc.constantFrom<ValueKind>('double', 'text'),
  })
  .chain(({ named, predictionKind }) => {
    const kinds = named.map(([, kind]) => kind)
    const shape = { names: named.map(([name]) => name), kinds, predictionKind }
    return fc.record({
      rows: fc.array(rowOf(kinds, predictionKind), { minLength: 1, maxLength: 30 }),
      shape: fc.constant(shape),
    })
  })
