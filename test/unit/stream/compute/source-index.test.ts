// A source finds the number that was given for exactly its texts, whatever the hashes; an endpoint id goes
// before them; and the index never holds more than it may.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_NUMBER, nameOf, SourceIndex } from '../../../../lib/stream/compute/source-index.ts'
import { collision } from '../../../support/collision.ts'

const texts = fc.constantFrom('', 'a', 'b', 'a:b', '__proto__', 'constructor')
const sources = fc.record({
  functionUri: texts,
  model: texts,
  version: texts,
  endpointId: fc.constantFrom('', '', 'e1', '__proto__'),
})
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('the index agrees with a list that is searched, up to its bound (property)', () => {
  fc.assert(
    fc.property(
      fc.array(sources),
      fc.integer({ min: 1, max: 20 }),
      seeds,
      (given, countMax, seed) => {
        const index = new SourceIndex(countMax, seed)
        const keys: string[] = []
        for (const source of given) {
          const { endpointId, functionUri, model, version } = source
          const key = JSON.stringify(endpointId || [functionUri, model, version])
          assert.equal(index.find(source), keys.indexOf(key))
          if (keys.includes(key)) continue
          const number = keys.length < countMax ? keys.push(key) - 1 : NO_NUMBER
          assert.equal(index.add(source), number)
          assert.equal(index.find(source), number)
          assert.equal(index.likely(index.scopeOf(source), nameOf(source)), number)
          assert.equal(index.count, keys.length)
        }
      },
    ),
  )
})

test('many sources are all found again, and none that is not there, whatever it grows to', () => {
  const index = new SourceIndex(50_000, 7)
  const sourceOf = (number: number) => ({
    functionUri: `p/f${number % 7}`,
    model: `model-${number}`,
    version: number % 2 === 0 ? 'v1' : '',
    endpointId: number % 11 === 0 ? `id-${number}` : '',
  })
  for (let number = 0; number < 50_000; number++) assert.equal(index.add(sourceOf(number)), number)
  for (let number = 0; number < 50_000; number++) assert.equal(index.find(sourceOf(number)), number)
  for (let number = 50_000; number < 60_000; number++) {
    assert.equal(index.find(sourceOf(number)), NO_NUMBER)
  }
  assert.equal(index.add(sourceOf(50_000)), NO_NUMBER)
})

test('two names of one hash are kept apart', () => {
  const { one, other, seed } = collision()
  const index = new SourceIndex(10, seed)
  const source = (model: string) => ({ functionUri: '', model, version: '', endpointId: '' })
  assert.equal(index.add(source(one)), 0)
  assert.equal(index.likely(index.scopeOf(source(other)), other), 0, 'they are of one hash')
  assert.equal(index.find(source(other)), NO_NUMBER)
  assert.equal(index.add(source(other)), 1)
  assert.equal(index.find(source(one)), 0)
  assert.equal(index.find(source(other)), 1)
})
