// No secret is ever shown: not in a complaint, a message, a stack or the line that describes the
// settings at the start, however the secret is spelled and whatever else is wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describeConfig } from '../../../lib/config/describe.ts'
import { settings } from '../../../lib/config/fields.ts'
import { parseConfig } from '../../../lib/config/parse.ts'
import { errorOf } from './complaints.ts'

const MARK = 'sEcReT'

test('no output contains a secret', () => {
  const secrets = fc.string({ unit: 'grapheme' }).map((text) => MARK + text)
  const spelled = secrets.chain((secret) =>
    fc.constantFrom(
      secret,
      `$${secret}`,
      `$${JSON.stringify(secret)}`,
      `$[${JSON.stringify(secret)}]`,
      `postgres://user:${secret}@host/db`,
      `mysql://user:${secret}@host/db`,
      `embedded:${secret}`,
    ),
  )
  fc.assert(
    fc.property(spelled, spelled, fc.constantFrom('10', 'wrong'), (key, url, sampleWindow) => {
      const env = { V3IO_ACCESS_KEY: key, STORE_URL: url, SAMPLE_WINDOW: sampleWindow }
      const error = errorOf(env)
      const shown = error ?? describeConfig(parseConfig(env))
      assert.ok(!inspect(shown, { depth: null }).includes(MARK))
      if (error !== null)
        assert.ok(!`${error.message}${error.stack}${error.details}`.includes(MARK))
    }),
  )
})

test('user and password of any address are masked, in complaints too', () => {
  const address = 'http://user:pa/ss@host:8081'
  const shown = describeConfig(parseConfig({ V3IO_API: address, V3IO_FRAMESD: 'framesd:8080' }))
  assert.equal(shown['V3IO_API'], 'http://***@host:8081')
  assert.equal(shown['V3IO_FRAMESD'], 'framesd:8080')
  assert.ok(!errorOf({ PARQUET_PATH_TEMPLATE: address })?.message.includes('pa/ss'))
})

test('every setting is described under its environment name, an empty secret as empty', () => {
  const shown = describeConfig(parseConfig({ AGGREGATE_AVG_WINDOWS: '["1m", "2h"]' }))
  assert.deepEqual(
    Object.keys(shown),
    settings.map(({ envName }) => envName),
  )
  assert.equal(shown['V3IO_ACCESS_KEY'], '')
  assert.equal(shown['STORE_URL'], '***')
  assert.equal(shown['SAMPLE_WINDOW'], 10)
  assert.equal(shown['AGGREGATE_AVG_WINDOWS'], '1m,2h')
  assert.equal(shown['AGGREGATE_AVG_PERIOD'], '30s')
})

test('what is described can be given again', () => {
  const config = parseConfig({
    SAMPLE_WINDOW: '3',
    AGGREGATE_COUNT_WINDOWS: '1m',
    SPOOL_SYNC: 'every',
  })
  const shown = Object.entries(describeConfig(config)).filter(([, value]) => value !== '***')
  assert.deepEqual(
    parseConfig(Object.fromEntries(shown.map(([name, value]) => [name, String(value)]))),
    config,
  )
})
