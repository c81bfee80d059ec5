// The settings are those of MLRun's function of April 2021, less its guesses at types: every
// recorded environment gives what its `ours` says.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fields, settings } from '../../../lib/config/fields.ts'
import { type Environment, parseConfig } from '../../../lib/config/parse.ts'
import { complaintsOf } from './complaints.ts'
import { plain } from './plain.ts'

interface Case {
  readonly env: Environment
  readonly ours: {
    readonly value?: unknown
    readonly refused?: true
    readonly ignored?: true
    readonly defaults?: true
    readonly open?: true
  }
}

interface Golden {
  readonly defaults: Readonly<Record<string, unknown>>
  readonly cases: readonly Case[]
}

const golden = JSON.parse(readFileSync('test/golden/mlrun/config_env.json', 'utf8')) as Golden

/** What the golden file leaves open is settled here: a value, or null for refused. */
const SETTLED = new Map<string, unknown>([
  ['PROJECT=', null], // a project without name would share the paths of all others
  ['AGGREGATE_COUNT_WINDOWS=["1m"]', ['1m']],
  ['AGGREGATE_COUNT_WINDOWS=5m', ['5m']],
  ['AGGREGATE_COUNT_PERIOD=30', null],
  ['V3IO_ACCESS_KEY=$null', null],
])

function plainConfig(env: Environment): Readonly<Record<string, unknown>> {
  const config = parseConfig(env)
  return Object.fromEntries(settings.map(({ name, envName }) => [envName, plain(config[name])]))
}

test('the first 17 settings have the names, the order and the defaults of the original', () => {
  const first17 = Object.entries(plainConfig({})).slice(0, 17)
  assert.deepEqual(Object.fromEntries(first17), golden.defaults)
  assert.deepEqual(
    first17.map(([envName]) => envName),
    Object.keys(golden.defaults),
  )
})

test('every other default is what its declaration says', () => {
  for (const { name, field } of settings) {
    assert.deepEqual(plain(parseConfig({})[name]), field.default, name)
  }
  assert.equal(Object.keys(fields).length, settings.length)
})

for (const { env, ours } of golden.cases) {
  const [envName = '', given = ''] = Object.entries(env)[0] ?? []
  const title = `${envName}=${given}`
  test(`recorded environment ${title}`, () => {
    if (ours.ignored || ours.defaults) {
      assert.deepEqual(plainConfig(env), plainConfig({}))
      return
    }
    if (ours.open) assert.ok(SETTLED.has(title), 'what is open is settled in this test')
    const wanted = ours.open ? SETTLED.get(title) : ours.value
    if (ours.refused || wanted === null) {
      assert.equal(complaintsOf(env).length, 1)
    } else {
      assert.deepEqual(plainConfig(env), { ...plainConfig({}), [envName]: wanted })
    }
  })
}
