// What is derived from the declaration is up to date, and the schema accepts whatever the function
// accepts: shown with a dull validator of the few keywords that the schema uses.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { settings } from '../../../lib/config/fields.ts'
import { renderReadmeTable } from '../../../tools/generate/markdown.ts'
import { replaceBetween, targets } from '../../../tools/generate/targets.ts'
import { complaintsOf } from './complaints.ts'

interface Property {
  readonly type: string
  readonly default: string
  readonly examples?: readonly string[]
  readonly anyOf?: readonly { readonly pattern: string }[]
  readonly writeOnly?: boolean
}

interface Schema {
  readonly type: string
  readonly additionalProperties: boolean
  readonly properties: Readonly<Record<string, Property>>
}

const schema = JSON.parse(readFileSync('docs/config.schema.json', 'utf8')) as Schema

function isValid(envName: string, given: string): boolean {
  const property = schema.properties[envName]
  assert.equal(property?.type, 'string')
  // Validators compile patterns with the flag u.
  return property.anyOf?.some(({ pattern }) => new RegExp(pattern, 'u').test(given)) ?? true
}

test('the generated files are up to date', () => {
  const run = spawnSync(process.execPath, ['tools/generate.mjs', '--check'], { encoding: 'utf8' })
  assert.equal(run.stderr, '')
  assert.equal(run.status, 0)
})

test('a file without its markers is told from one that is out of date', () => {
  const contentOf = (path: string, before: string) =>
    targets.find((target) => target.path === path)?.contentOf(before)
  assert.throws(() => contentOf('function.yaml', 'spec: {}\n'), /no lines/)
  assert.equal(contentOf('README.md', ''), null)
  const marked = '# A\n<!-- settings:begin -->\nold\n<!-- settings:end -->\nB\n'
  const renewed = contentOf('README.md', marked)
  assert.ok(renewed?.includes(renderReadmeTable()))
  assert.equal(contentOf('README.md', renewed ?? ''), renewed)
})

test('only what stands between the markers is replaced', () => {
  assert.equal(replaceBetween('1\nb x\n2\n3\ne\n4', 'b', 'e', 'N'), '1\nb x\nN\ne\n4')
  assert.equal(replaceBetween('b\ne', 'b', 'e', 'N'), 'b\nN\ne')
  assert.equal(replaceBetween('e\nb', 'b', 'e', 'N'), null)
})

test('the schema knows every setting and accepts its default and its examples', () => {
  assert.equal(schema.type, 'object')
  assert.equal(schema.additionalProperties, true)
  assert.deepEqual(
    Object.keys(schema.properties),
    settings.map(({ envName }) => envName),
  )
  for (const [envName, property] of Object.entries(schema.properties)) {
    for (const given of [property.default, ...(property.examples ?? [])]) {
      assert.ok(isValid(envName, given), `${envName}=${given}`)
      assert.deepEqual(complaintsOf({ [envName]: given }), [], `${envName}=${given}`)
    }
  }
  const secrets = Object.entries(schema.properties).filter(([, { writeOnly }]) => writeOnly)
  assert.deepEqual(
    secrets.map(([envName]) => envName),
    ['V3IO_ACCESS_KEY', 'STORE_URL', 'READ_TOKEN'],
  )
})

test('what the function accepts, the schema accepts', () => {
  const given = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...'0123456789.eE+- ') }),
    fc.string({ unit: fc.constantFrom('5m', '1h', ',', ' ', '"', '[', ']', '30s', '\n') }),
    fc.string({ unit: fc.constantFrom('a', '/', '{project}', '{container}', '{', '.') }),
    fc.constantFrom(
      '$',
      '$1',
      '$"a"',
      '1GiB',
      ' 1 KiB ',
      ' every',
      'delivered\n',
      'v3io',
      'embedded:a b',
    ),
  )
  const names = fc.constantFrom(...settings.map(({ envName }) => envName))
  fc.assert(
    fc.property(names, given, (envName, text) => {
      if (complaintsOf({ [envName]: text }).length > 0) return
      assert.ok(isValid(envName, text), `${envName}=${JSON.stringify(text)}`)
    }),
    { numRuns: 5000 },
  )
})

test('the schema refuses what is plainly of the wrong type', () => {
  const wrong = {
    SAMPLE_WINDOW: 'abc',
    AGGREGATE_COUNT_PERIOD: '30',
    AGGREGATE_COUNT_WINDOWS: '5m 1h',
    SPOOL_BYTES_MAX: '1MB',
    ACK: 'never',
    PROJECT: 'a/b',
    KV_PATH_TEMPLATE: '{x}',
    STORE_URL: 'mysql://h/d',
  }
  for (const [envName, given] of Object.entries(wrong)) assert.ok(!isValid(envName, given), envName)
})
