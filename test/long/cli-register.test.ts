// Claim: "register" writes a training set into any store, beside a function that runs as well, which then gives
// features their names without a restart; what the stream wrote stays; and each trouble is one sentence. Shown
// on dist/cli.js as a child process, with the embedded store and with V3IO's double.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { lockFolder } from '../../lib/store/disk/folder-lock.ts'
import {
  assertTold,
  cli,
  events,
  finished,
  heard,
  start,
  storeIn,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'
import { ACCESS_KEY, CONTAINER, startV3ioDoubles } from '../support/v3io-doubles.ts'

const URI = ['--function-uri', 'demo/serving', '--model', 'iris']
const TARGET = [...URI, '--model-version', 'v1']
const CSV = 'sepal length (cm),width,label\n5.1,2.5,0\n4.9,2.5,1\n6.1,3.5,1\n'

type Json = Readonly<Record<string, unknown>>

function training(folder: string, text: string | Uint8Array = CSV): string {
  const path = join(folder, 'train.csv')
  writeFileSync(path, text)
  return path
}

async function registerJson(args: readonly string[], at: Parameters<typeof cli>[1]): Promise<Json> {
  const { exitCode, stdout, stderr } = await cli(['register', ...args, '--json'], at)
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  return JSON.parse(stdout) as Json
}

async function endpointsJson(at: Parameters<typeof cli>[1]): Promise<readonly Json[]> {
  const { stdout } = await cli(['endpoints', '--data', 'data', '--json'], at)
  return JSON.parse(stdout) as readonly Json[]
}

function namedFeatures(folder: string): Promise<readonly (readonly string[])[]> {
  const root = join(folder, 'data/parquet')
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  return Promise.all(
    names
      .filter((name) => name.endsWith('.parquet'))
      .map(async (name) => {
        const file = new Uint8Array(readFileSync(join(root, name))).buffer
        const [row = {}] = await parquetReadObjects({ file, compressors })
        return Object.keys(row['named_features'] ?? {})
      }),
  )
}

test('registered before the first run: events get the names from the first row on', async () => {
  const folder = temporaryFolder()
  const at = { cwd: folder }
  const label = ['--label-column', 'label']
  const args = ['--training-set', training(folder), ...TARGET, ...label, '--data', 'data']
  const said = await cli(['register', ...args], at)
  assert.match(said.stdout, /^Registered iris:v1 of demo\/serving, endpoint [0-9a-f]{40}:\n/)
  assert.match(
    said.stdout,
    /\nsepal_length_cm +feature +3 +5\.36667 +0\.64291 +4\.9 +6\.1 +20 bins\n/,
  )
  assert.match(said.stdout, /\nlabel +label +3 /)
  const input = write(folder, events(20))
  const run = await cli(['run', '--once', '--data', 'data', '--input', input], at)
  assert.equal(run.exitCode, 0, run.stderr)
  const [record = {}, ...others] = await endpointsJson(at)
  assert.deepEqual(others, [])
  assert.equal(record['feature_names'], '["sepal_length_cm", "width"]')
  assert.equal(record['label_names'], '["label"]')
  assert.equal(record['last_request'], '2021-07-01T10:00:19.000Z')
  assert.deepEqual(await namedFeatures(folder), [['sepal_length_cm', 'width']])
  // Again, with other data: what the stream wrote stays.
  const other = training(folder, `a,b\n${'1,2\n'.repeat(3)}`)
  const again = await registerJson(['--training-set', other, ...TARGET, '--data', 'data'], at)
  const own = ['feature_names', 'feature_stats']
  for (const [name, value] of Object.entries(record)) {
    if (!own.includes(name)) assert.equal(again[name], value, name)
  }
  assert.equal(again['feature_names'], '["a", "b"]')
})

test('registered beside a function that runs: it knows the names at once', async () => {
  const folder = temporaryFolder()
  const at = { cwd: folder, env: { TSDB_BATCHING_TIMEOUT_SECS: '1', SAMPLE_WINDOW: '1' } }
  const child = start(['run', '--data', 'data', '--port', '0'], at)
  const ended = finished(child)
  try {
    const [url = ''] = /http:\/\/[\d.:]+/.exec(await heard(child, 'http://127.0.0.1:')) ?? []
    const push = async (lines: string): Promise<void> => {
      for (const body of lines.trimEnd().split('\n')) {
        const { status } = await fetch(url, { method: 'POST', body })
        assert.equal(status, 202)
      }
    }
    const [first = '', ...rest] = events(40).split(/(?<=\n)/)
    await push(first)
    const label = ['--label-column', 'label']
    const args = ['--training-set', training(folder), ...TARGET, ...label, '--data', 'data']
    const said = await cli(['register', ...args], { cwd: folder })
    assert.match(
      said.stdout,
      /\nWritten through the function at http.*, which knows it\.\n$/,
      said.stderr,
    )
    await push(rest.join(''))
    const [record = {}] = await endpointsJson({ cwd: folder })
    assert.equal(record['feature_names'], '["sepal_length_cm", "width"]')

    const exported = ['register', '--export-record', 'p.json', ...TARGET, '--data', 'data']
    assert.equal((await cli(exported, at)).exitCode, 0)
    const copy = ['--from-record', 'p.json', ...URI, '--model-version', 'v2', '--data', 'data']
    const copied = await registerJson(copy, { cwd: folder })
    for (const name of ['feature_stats', 'feature_names', 'label_names']) {
      assert.equal(copied[name], record[name])
    }
    assert.equal(copied['model'], 'iris:v2')

    const garbage = await fetch(`${url}/api/register`, { method: 'POST', body: '{"model": 1}' })
    assert.equal(garbage.status, 400)
    assert.match(await garbage.text(), /This is no registration: function_uri, model and version /)
    const body = JSON.stringify({
      function_uri: 'f',
      model: 'm',
      profile: JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8')),
    })
    const nameless = await fetch(`${url}/api/register`, { method: 'POST', body })
    assert.deepEqual([nameless.status, /no endpoint id/.test(await nameless.text())], [400, true])
  } finally {
    child.kill('SIGTERM')
    await ended
  }
  const input = write(folder, '')
  await cli(['run', '--once', '--data', 'data', '--input', input], at)
  // Columns that an endpoint once had stay its columns.
  assert.deepEqual(await namedFeatures(folder), [
    ['f0', 'f1'],
    ['f0', 'f1', 'sepal_length_cm', 'width'],
  ])
  const [record = {}] = (await endpointsJson({ cwd: folder })).filter(
    ({ model }) => model === 'iris:v1',
  )
  assert.equal(record['feature_names'], '["sepal_length_cm", "width"]')
  assert.equal(record['last_request'], '2021-07-01T10:00:39.000Z')
})

test('V3IO: the record of MLRun, and what others wrote stays', async (t) => {
  const doubles = await startV3ioDoubles({ kvTable: 'demo/model-endpoints/endpoints' })
  t.after(() => doubles.close())
  const { v3io, framesd, store } = doubles
  const env = {
    V3IO_API: v3io.url,
    V3IO_FRAMESD: framesd.url,
    V3IO_ACCESS_KEY: ACCESS_KEY,
    CONTAINER,
  }
  const folder = temporaryFolder()
  const at = { cwd: folder, env }
  const args = ['--training-set', training(folder), '--project', 'demo', '--model', 'iris:v1']
  const target = [...args, '--function-uri', 'serving']
  const first = await registerJson([...target, '--label-column', 'label'], at)
  const id = String(first['endpoint_id'])
  await store.kv.write([
    {
      endpointId: id,
      attributes: new Map([
        ['first_request', { type: 'string', value: '2021-07-01 10:00:00+00:00' }],
        ['error_count', { type: 'int', value: 3 }],
        ['drift_status', { type: 'string', value: 'NO_DRIFT' }],
        ['current_stats', { type: 'string', value: '{"width": {}}' }],
      ]),
    },
  ])
  const again = await registerJson([...target, '--drift-detected', '.9'], at)
  assert.equal(again['monitor_configuration'], '{"possible_drift": 0.5, "drift_detected": 0.9}')
  const stays = { error_count: 3, drift_status: 'NO_DRIFT', current_stats: '{"width": {}}' }
  for (const [name, value] of Object.entries({ ...stays, label_names: '["label"]' })) {
    assert.equal(again[name], value, name)
  }
  assert.equal(again['first_request'], '2021-07-01 10:00:00+00:00')
  assert.equal(again['feature_names'], '["sepal_length_cm", "width", "label"]')
  assert.deepEqual(
    ['project', 'function_uri', 'model', 'active'].map((name) => again[name]),
    ['demo', 'demo/serving', 'iris:v1', true],
  )
})

test('a training set becomes a file where there is no store, and nothing else is made', async () => {
  const folder = temporaryFolder()
  const args = ['register', '--training-set', training(folder), '--export-record', 'p.json']
  const said = await cli(args, { cwd: folder })
  assert.equal(said.exitCode, 0, said.stderr)
  assert.match(said.stdout, /\nExported to p\.json: /)
  assert.deepEqual(readdirSync(folder).sort(), ['p.json', 'train.csv'])
})

suite('wrong usage', { concurrency: 4 }, () => {
  const set = ['--training-set', 'train.csv']
  for (const { args, sentence } of [
    { args: TARGET, sentence: /^What is to be registered\? Name a file with --training-set or / },
    { args: set, sentence: /^Which function serves the model\? Name it with --function-uri / },
    { args: [...set, '--function-uri', 'p/f'], sentence: /^Which model\? Name it with --model\.$/ },
    {
      args: [...set, '--from-record', 'p', ...URI],
      sentence: /^Give --training-set or --from-record, /,
    },
    {
      args: ['--from-record', 'p', '--label-column', 'y', ...URI],
      sentence: /^--label-column names /,
    },
    {
      args: ['--from-record', 'p', '--export-record', 'q', ...URI],
      sentence: /only copy a file: /,
    },
    {
      args: [...set, '--model', 'm', '--function-uri', 'serving'],
      sentence: /^--function-uri wants PROJECT\/NAME\[:TAG\], not "serving": take it from /,
    },
    {
      args: [...set, ...URI, '--project', 'other'],
      sentence: /^--project says "other" and --function-uri "demo": /,
    },
    {
      args: [...set, '--model', 'm:1', '--model-version', '2', '--function-uri', 'p/f'],
      sentence: /^--model "m:1" names a version already: leave /,
    },
    {
      args: [...set, ...URI, '--possible-drift', 'low'],
      sentence: /^--possible-drift wants a number from 0 to 1, not "low"/,
    },
    {
      args: [...set, ...URI, '--possible-drift', '0.8', '--drift-detected', '0.7'],
      sentence: /^--possible-drift is more than /,
    },
    { args: [...set, ...URI, '--model-version', ''], sentence: /^--model-version is empty: / },
  ]) {
    test(`"${args.join(' ')}" is answered with a sentence`, async () => {
      const folder = temporaryFolder()
      const result = await cli(['register', ...args], { cwd: folder })
      assertTold(result, { exitCode: 2, sentences: [sentence] })
      assert.deepEqual(readdirSync(folder), [])
    })
  }
})

suite('trouble', { concurrency: 4 }, () => {
  for (const { name, content, args = [], sentence } of [
    { name: 'a header alone', content: 'a,b\n', sentence: /^The training set has no rows: / },
    { name: 'an empty file', content: '', sentence: /train\.csv is empty: it needs / },
    {
      name: 'a ragged row',
      content: 'a,b\n1,2\n3\n',
      sentence: /^Line 3 of .*train\.csv has 1 field, /,
    },
    { name: 'a column twice', content: 'a,a\n1,2\n', sentence: /has two columns called "a": / },
    { name: 'no numbers', content: 'a\nx\n', sentence: /has no column of numbers: / },
    {
      name: 'no such label',
      content: CSV,
      args: ['--label-column', 'y'],
      sentence: /^The label column "y" /,
    },
    {
      name: 'broken Parquet',
      content: 'PAR1xxxxPAR1',
      sentence: /cannot be read as Parquet \(.*\): write /,
    },
  ]) {
    test(`${name}: one sentence, and no store is made`, async () => {
      const folder = temporaryFolder()
      const set = ['--training-set', training(folder, content)]
      const result = await cli(['register', ...set, ...TARGET, ...args, '--data', 'data'], {
        cwd: folder,
      })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
      assert(!existsSync(join(folder, 'data')))
    })
  }

  test('files that are not there, or no files, or no records', async () => {
    const folder = temporaryFolder()
    training(folder)
    writeFileSync(
      join(folder, 'other.json'),
      '{"format": "model-monitoring-profile", "version": 9}',
    )
    for (const { args, sentence } of [
      {
        args: ['--training-set', 'none.csv'],
        sentence: /^The training set none\.csv does not exist: /,
      },
      { args: ['--training-set', '.'], sentence: /^The training set \. is a folder: name one / },
      {
        args: ['--from-record', 'none.json'],
        sentence: /^The exported record none\.json does not exist: /,
      },
      {
        args: ['--from-record', 'train.csv'],
        sentence: /^train\.csv is no record that was exported: /,
      },
      {
        args: ['--from-record', 'other.json'],
        sentence: /it is of version 9, and this program reads /,
      },
      {
        args: ['--export-record', 'x.json'],
        sentence: /^There is no store in .*: name a data folder /,
      },
    ]) {
      const result = await cli(['register', ...args, ...TARGET, '--data', 'data'], { cwd: folder })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
    }
    const nowhere = join('no', 'where.json')
    const set = ['--training-set', 'train.csv', '--export-record', nowhere]
    const result = await cli(['register', ...set], { cwd: folder })
    assertTold(result, {
      exitCode: 1,
      sentences: [/^The record cannot be exported to .* \(ENOENT\): /],
    })
  })

  test('no store, a store that is away, and one that is in use', async (t) => {
    const folder = temporaryFolder()
    const set = ['--training-set', training(folder)]
    const secret = 'postgres://me:secret@127.0.0.1:9/db'
    for (const { env, sentence } of [
      {
        env: {},
        sentence: /^There is no store here: name a data folder with --data, set STORE_URL, /,
      },
      { env: { STORE_URL: secret }, sentence: /^(?!.*secret).*ECONNREFUSED/ },
      { env: { STORE_URL: 'v3io' }, sentence: /^The V3IO store needs V3IO_API, / },
    ]) {
      const result = await cli(['register', ...set, ...TARGET], { cwd: folder, env })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
    }
    const away = {
      V3IO_API: 'http://127.0.0.1:9',
      V3IO_FRAMESD: 'http://127.0.0.1:9',
      V3IO_ACCESS_KEY: 'k',
    }
    const result = await cli(['register', ...set, ...TARGET], { cwd: folder, env: away })
    assertTold(result, { exitCode: 1, sentences: [/ECONNREFUSED/] })
    const lock = await lockFolder(join(folder, 'data/store'))
    t.after(() => lock.release())
    const busy = { cwd: folder, env: storeIn(folder) }
    const inUse = await cli(['register', ...set, ...TARGET], busy)
    assertTold(inUse, { exitCode: 1, sentences: [/in use by process \d+, which serves no HTTP: /] })
    lock.setFacts({ port: 9 })
    const mute = await cli(['register', ...set, ...TARGET], busy)
    assertTold(mute, {
      exitCode: 1,
      sentences: [/^Process \d+ has the store and does not answer at /],
    })
  })
})

test('the function itself carries no reader of training sets', () => {
  const bundles = readdirSync('dist').filter((name) => name.endsWith('.js') && name !== 'cli.js')
  assert(bundles.includes('service.js'))
  const carries = (name: string): boolean =>
    readFileSync(join('dist', name), 'utf8').includes('CSV_RECORD_INCONSISTENT_FIELDS_LENGTH')
  assert(carries('cli.js'))
  assert.deepEqual(bundles.filter(carries), [])
})
