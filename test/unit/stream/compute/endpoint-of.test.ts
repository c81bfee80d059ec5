// The short way from a source to its endpoint leads where the long one does, whatever the names, also after a
// restart; it is taken for every name that is short enough, and what it reads ahead is that endpoint's.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { streamSettings } from '../../../../handler/stream-settings.ts'
import { parseConfig } from '../../../../lib/config/parse.ts'
import type { EventSource } from '../../../../lib/stream/accept/event.ts'
import { EndpointTable } from '../../../../lib/stream/compute/endpoint-table.ts'
import { collision } from '../../../support/collision.ts'

const SETTINGS = streamSettings(parseConfig({}))
const name = fc.oneof(
  fc.constantFrom('', 'm', 'm:v1', '__proto__', 'é', 'ÿÿ', 'ab', 'ba'),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const source = fc.record({
  functionUri: fc.constantFrom('p/f', 'p/g', ''),
  model: name,
  version: fc.constantFrom('', 'v1', 'v2'),
  endpointId: fc.oneof(fc.constant(''), name),
})

function idOf(one: EventSource): string {
  return one.endpointId === '' ? `${one.functionUri} ${one.model} ${one.version}` : one.endpointId
}

/** What both ways say of a source. */
function waysOf(table: EndpointTable<never>, one: EventSource) {
  const slots: number[] = []
  const ahead = { read: (slot: number) => void slots.push(slot) }
  return { short: table.endpointOf(one, 0, ahead), long: table.lead(one)?.endpoint ?? null, slots }
}

function isShort({ endpointId, model }: EventSource): boolean {
  const text = endpointId === '' ? model : endpointId
  return text.length <= 42 && [...text].every((char) => char.charCodeAt(0) < 256)
}

test('the short way leads where the long one does (property)', () => {
  fc.assert(
    fc.property(fc.array(source), fc.array(source), (known, others) => {
      const table = new EndpointTable<never>(SETTINGS)
      const restored = new EndpointTable<never>(SETTINGS)
      for (const one of known) {
        const lead = table.lead(one) ?? table.addLead(one, [idOf(one)])
        assert(lead !== null)
        if (lead.endpoint === null)
          table.register(lead, { endpointId: idOf(one), model: one.model })
      }
      for (const endpoint of table.endpoints) {
        const ids = [idOf(endpoint.source)]
        restored.restore(table.toCheckpoint(endpoint), ids, table.periods)
      }
      for (const each of [table, restored]) {
        for (const one of [...known, ...others]) {
          const { short, long, slots } = waysOf(each, one)
          if (short !== null) assert.equal(short, long)
          if (short !== null) assert.deepEqual(slots, [long?.slot])
          const isFirst = long !== null && idOf(long.source) === idOf(one)
          if (isFirst && isShort(one)) assert.equal(short, long, 'the short way is taken')
        }
      }
    }),
  )
})

test('a name of the same hash does not lead to the endpoint', () => {
  const { one, other, seed } = collision()
  const table = new EndpointTable<never>({ ...SETTINGS, seed })
  const sourceOf = (model: string) => ({ functionUri: '', model, version: '', endpointId: '' })
  const lead = table.addLead(sourceOf(one), ['e1'])
  assert(lead !== null)
  const endpoint = table.register(lead, { endpointId: 'e1', model: one })
  assert.deepEqual(waysOf(table, sourceOf(one)), { short: endpoint, long: endpoint, slots: [0] })
  assert.deepEqual(waysOf(table, sourceOf(other)), { short: null, long: null, slots: [0] })
})
