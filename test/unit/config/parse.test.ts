// An environment is read by the declared types: all of it is right, or every complaint comes at
// once, one sentence each, with the name, what was given and what is wanted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settings } from '../../../lib/config/fields.ts'
import { parseConfig } from '../../../lib/config/parse.ts'
import { complaintsOf, errorOf } from './complaints.ts'

test('every complaint comes at once, in order of declaration, then those between settings', () => {
  const env = {
    PROJECT: 'a/b',
    SAMPLE_WINDOW: '0',
    TSDB_BATCHING_TIMEOUT_SECS: 'soon',
    AGGREGATE_AVG_WINDOWS: '45s,1h',
    STORE_URL: 'mysql://u:p@h/d',
    SPOOL_SYNC: 'never',
    ACK: 'delivered',
  }
  assert.deepEqual(complaintsOf(env), [
    'PROJECT: given "a/b", ' +
      'wanted a name that can be one part of a path (not empty, without slash or backslash, ' +
      'not "." or ".."), for example default.',
    'SAMPLE_WINDOW: given "0", wanted a whole number of rows from 1 to 1000000000, for example 10.',
    'TSDB_BATCHING_TIMEOUT_SECS: given "soon", ' +
      'wanted a number of seconds from 0.1 to 604800, for example 300.',
    'STORE_URL: given "***", ' +
      'wanted auto, v3io, postgres://USER:PASSWORD@HOST/DATABASE or embedded:DIRECTORY, for ' +
      'example auto.',
    'SPOOL_SYNC: given "never", wanted one of background, every.',
    'AGGREGATE_AVG_WINDOWS: given 45s, ' +
      'wanted multiples of AGGREGATE_AVG_PERIOD (30s), for example 10 buckets of 30s for 5m.',
    'ACK_WINDOW_SIZE: given 0 with ACK=delivered, ' +
      "wanted the trigger's ackWindowSize, 1 or more, for example 10000.",
  ])
  const message = errorOf(env)?.message ?? ''
  for (const complaint of complaintsOf(env)) assert.ok(message.includes(complaint))
})

test('whatever the environment holds, it is read or refused with the names of settings', () => {
  const envNames = settings.map(({ envName }) => envName)
  const given = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json().map((json) => `$${json}`),
    fc.constantFrom('', ' ', '$', '0', '-1', 'NaN', '1e999', '[]', ',', '5m', '__proto__'),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...envNames), given), (env) => {
      for (const complaint of complaintsOf(env)) {
        const [name = ''] = complaint.split(':', 1)
        assert.ok(envNames.includes(name), complaint)
        assert.ok(complaint.endsWith('.'), complaint)
        assert.ok(complaint.length < 600, complaint)
      }
    }),
    { numRuns: 500 },
  )
})

test('a count is a whole number within its bounds, however it is spelled', () => {
  for (const given of ['20', '20.0', '2e1', ' 20 ', '+20', '020', '$20', '$20.0', '$ 20']) {
    assert.equal(parseConfig({ SAMPLE_WINDOW: given }).sampleWindow, 20, given)
  }
  const refused = ['0', '-1', '1000000001', '2.5', '0x10', '1_000', '1 0', 'nan', 'inf', '20rows']
  for (const given of [...refused, '$"20"', '$[20]', '$true', '$null', '$', '$ ', '$020']) {
    assert.equal(complaintsOf({ SAMPLE_WINDOW: given }).length, 1, given)
  }
})

test('a number in its bounds is read as JavaScript would print it', () => {
  const millionths = fc.double({ min: 0.1, max: 604_800, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), millionths, (count, secs) => {
      const config = parseConfig({
        TSDB_BATCHING_MAX_EVENTS: String(count),
        TSDB_BATCHING_TIMEOUT_SECS: String(secs),
      })
      assert.equal(config.tsdbBatchingMaxEvents, count)
      assert.equal(config.tsdbBatchingTimeoutSecs, secs)
    }),
  )
})

test('a size is bytes or has a binary unit', () => {
  const sizes = { '1048576': 1_048_576, '512KiB': 524_288, '2 MiB': 2_097_152, $4096: 4096 }
  for (const [given, bytes] of Object.entries(sizes)) {
    assert.equal(parseConfig({ PARQUET_BATCHING_BYTES_MAX: given }).parquetBatchingBytesMax, bytes)
  }
  for (const given of ['1MB', '1.5MiB', 'MiB', '2GiB', '4095', '$"1MiB"']) {
    assert.equal(complaintsOf({ PARQUET_BATCHING_BYTES_MAX: given }).length, 1, given)
  }
})

test('nothing or white space is the default, but a text is taken letter by letter', () => {
  const config = parseConfig({ SAMPLE_WINDOW: '', ACK: ' ', AGGREGATE_AVG_PERIOD: '\t' })
  assert.deepEqual(config, parseConfig({}))
  assert.equal(parseConfig({ DEFAULT_VERSION: '' }).defaultVersion, '')
  assert.equal(parseConfig({ TIME_FORMAT: ' ' }).timeFormat, ' ')
  for (const name of ['PROJECT', 'CONTAINER', 'STORE_URL', 'SPOOL_PATH', 'KV_PATH_TEMPLATE']) {
    assert.ok(complaintsOf({ [name]: '' }).length > 0, name)
  }
})

test('a text survives as it is, plainly or as JSON after a $', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(parseConfig({ V3IO_ACCESS_KEY: `$${JSON.stringify(text)}` }).v3ioAccessKey, text)
      if (text.startsWith('$')) return
      assert.equal(parseConfig({ V3IO_ACCESS_KEY: text }).v3ioAccessKey, text)
    }),
  )
})

test('project and container are parts of a path', () => {
  for (const name of ['PROJECT', 'CONTAINER']) {
    for (const given of ['.', '..', 'a/b', '/', 'a\\b', 'a\u0000b', 'a\nb']) {
      assert.ok(complaintsOf({ [name]: given }).length > 0, JSON.stringify(given))
    }
    for (const given of ['...', '.a', 'a b', 'Ümläut', '123', '{project}']) {
      assert.deepEqual(complaintsOf({ [name]: given }), [], given)
    }
  }
})

test('a path template knows project and container, and stays where it is', () => {
  const wrong = {
    KV_PATH_TEMPLATE: ['{x}/a', '{{project}}', '{project', 'a//b', 'a/../b', '', 'v3io:///users/a'],
    TSDB_PATH_TEMPLATE: ['{container}', 'a/{model}/b', 'a//b', 'a/..', '/'],
    PARQUET_PATH_TEMPLATE: ['/{endpoint_id}', 'v3io:///projects/p', 's3://bucket/p', ''],
  }
  for (const [name, templates] of Object.entries(wrong)) {
    for (const template of templates) {
      assert.equal(complaintsOf({ [name]: template }).length, 1, `${name}=${template}`)
    }
  }
  const right = {
    KV_PATH_TEMPLATE: 'pipelines/{project}/kv/',
    TSDB_PATH_TEMPLATE: '/users/{project}',
  }
  assert.deepEqual(complaintsOf({ ...right, PARQUET_PATH_TEMPLATE: './out/{project}' }), [])
})

test('a store is one of four kinds', () => {
  for (const given of ['auto', 'v3io', 'postgres://h/d', 'postgresql://u:p@h:5/d', 'embedded:x']) {
    assert.equal(parseConfig({ STORE_URL: given }).storeUrl, given)
  }
  for (const given of [
    '',
    'V3IO',
    'postgres',
    'postgres://',
    'embedded:',
    'mysql://h/d',
    ' v3io',
  ]) {
    assert.equal(complaintsOf({ STORE_URL: given }).length, 1, given)
  }
})

test('sizes of the spool and of the batches fit each other', () => {
  assert.equal(complaintsOf({ SPOOL_BYTES_MAX: '100MiB' }).length, 1)
  assert.deepEqual(complaintsOf({ SPOOL_BYTES_MAX: '128MiB' }), [])
  assert.equal(complaintsOf({ PARQUET_OPEN_BYTES_MAX: '31MiB' }).length, 1)
  // One wrong on its own is not held against the default of the other.
  assert.equal(complaintsOf({ SPOOL_BYTES_MAX: '1MiB', SPOOL_SEGMENT_BYTES: 'x' }).length, 1)
})

test('held acknowledgement needs the window of the trigger', () => {
  assert.equal(complaintsOf({ ACK: 'delivered' }).length, 1)
  assert.equal(parseConfig({ ACK: 'delivered', ACK_WINDOW_SIZE: '1' }).ack, 'delivered')
  assert.deepEqual(complaintsOf({ ACK_WINDOW_SIZE: '5' }), [])
})

test('a name that the environment only inherits is not given', () => {
  const env: Record<string, string> = Object.create({ PROJECT: 'inherited' })
  assert.equal(parseConfig(env).project, 'default')
})
