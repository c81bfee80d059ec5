// A source finds what was set for exactly its texts, an endpoint id goes before them, and the index
// never holds more than it may.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { SourceIndex } from '../../../../lib/stream/compute/source-index.ts'

const texts = fc.constantFrom('', 'a', 'b', 'a:b', '__proto__', 'constructor')
const sources = fc.record({
  functionUri: texts,
  model: texts,
  version: texts,
  endpointId: fc.constantFrom('', '', 'e1', '__proto__'),
})

test('the index agrees with a list that is searched, up to its bound (property)', () => {
  fc.assert(
    fc.property(fc.array(sources), fc.integer({ min: 1, max: 20 }), (given, countMax) => {
      const index = new SourceIndex<number>(countMax)
      const list: { key: string; value: number }[] = []
      for (const [value, source] of given.entries()) {
        const { endpointId, functionUri, model, version } = source
        const key = JSON.stringify(endpointId || [functionUri, model, version])
        const known = list.find((entry) => entry.key === key)
        assert.equal(index.get(source), known?.value)
        if (known !== undefined) continue
        const hasRoom = list.length < countMax
        assert.equal(index.add(source, value), hasRoom)
        if (hasRoom) list.push({ key, value })
        assert.equal(index.get(source), hasRoom ? value : undefined)
        assert.equal(index.count, list.length)
      }
    }),
  )
})
