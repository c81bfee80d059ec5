// Records as MLRun 0.6.5's API writes them are read: names and types of columns come from them, and what the
// function writes beside them has the same types on the wire.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Attribute } from '../../lib/stream/ports.ts'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { openTestPipeline } from '../support/test-pipeline.ts'

type Value = string | boolean | number

interface Golden {
  readonly name: string
  readonly key: string
  readonly attributes: Readonly<Record<string, Value>>
  readonly wire: Readonly<Record<string, Readonly<Record<string, Value>>>>
}

const { records } = JSON.parse(readFileSync('test/golden/mlrun/endpoint_record.json', 'utf8')) as {
  readonly records: readonly Golden[]
}

/** Kind of an attribute on the wire of the v3io client. */
const WIRE = { string: 'S', int: 'N', double: 'N', boolean: 'BOOL', none: '' } as const

function attributeOf(value: Value): Attribute {
  if (typeof value === 'boolean') return { type: 'boolean', value }
  return typeof value === 'number' ? { type: 'double', value } : { type: 'string', value }
}

function namesIn(attributes: Golden['attributes'], name: string): readonly string[] {
  return JSON.parse(String(attributes[name] ?? '[]')) as string[]
}

// One input is refused by the API itself and has no record.
for (const { name, key, attributes, wire } of records.filter(({ wire }) => wire !== undefined)) {
  test(`${name}: its names are the columns, and other attributes stay`, async () => {
    const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
    own.store.items.set(
      key,
      new Map(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)])),
    )
    const labels = namesIn(attributes, 'label_names')
    const all = namesIn(attributes, 'feature_names')
    const features =
      labels.length > 0 && all.at(-1) === labels.at(-1) ? all.slice(0, -labels.length) : all
    const width = features.length || 2
    own.accept({
      endpoint_id: key,
      model: 'iris',
      version: 'v1',
      class: 'SklearnModelServer',
      function_uri: 'proj/serving:v1',
      request: { id: 'r', inputs: [Array.from({ length: width }, (_, index) => index)] },
      resp: { outputs: [1] },
      when: '2026-11-02 08:00:00.000001+00:00',
      microsec: 5,
    })
    await own.pipeline.flushAll()
    const [row] = [...own.store.files.values()].flatMap(rowsOfFile)
    assert.deepEqual(
      Object.keys(row?.['named_features'] as object),
      features.length > 0 ? features : ['f0', 'f1'],
    )
    const item = own.store.items.get(key)
    for (const [attribute, form] of Object.entries(wire)) {
      const written = own.store.updates.at(-1)?.attributes.get(attribute)
      if (written === undefined)
        assert.deepEqual(item?.get(attribute)?.value, attributes[attribute])
      else if (attributes[attribute] !== '')
        assert.deepEqual([WIRE[written.type]], Object.keys(form), attribute)
    }
  })
}
