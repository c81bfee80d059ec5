// `model-monitoring run`: it plays, writes, tells and goes on where it ended, and what was written is
// read back, also beside a running function; a function that dies or cannot write is told of in
// sentences. Shown on dist/cli.js as a child process, with the built function or with a stand-in
// beside a copy of the command.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  assertTold,
  cli,
  events,
  finished,
  heard,
  standIn,
  start,
  storeIn,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'

const STATUS = (pending: object) =>
  JSON.stringify({ store: 'none', events: { received: 1 }, pending, endpoints: [] })
const ANSWERING = (pending: object) =>
  `exports.handler = (context, event) => context.callback(${JSON.stringify(STATUS(pending))})`

suite('a function in trouble', { concurrency: 4 }, () => {
  const INIT_FAILS = `
    exports.handler = () => undefined
    exports.initContext = () => setTimeout(() => {
      process.stderr.write('info: Connecting.\\nnuclio-sdk-ts: The init failed; the process ends. ' +
        'StreamError: The store is away: start it.\\n    at start (/app/handler.js:1:2)\\n')
      process.exit(1)
    }, 20)`
  for (const { name, handler, sentence } of [
    { name: 'dies in its init', handler: INIT_FAILS, sentence: /^The store is away: start it\.$/ },
    {
      name: 'dies while it is loaded',
      handler: `throw new TypeError('No such thing.')`,
      sentence: /^No such thing\.$/,
    },
    {
      name: 'dies without a word',
      handler: 'process.exit(3)',
      sentence: /^The function did not start and does not say why: --verbose shows /,
    },
  ]) {
    test(`a function that ${name} is heard once`, async () => {
      const folder = temporaryFolder()
      const args = ['run', '--once', '--input', write(folder, events(1))]
      const result = await cli(args, { cwd: folder, cli: standIn(folder, handler) })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
      assert.equal(result.stdout, '')
    })
  }

  test('a function that dies of an event again and again is given up', async () => {
    const folder = temporaryFolder()
    const handler = `exports.handler = (context, event) => {
      if (event.trigger.kind === 'cron') return context.callback('{}')
      console.error('Boom.')
      process.exit(1)
    }`
    const args = ['run', '--once', '--input', write(folder, events(1))]
    const result = await cli(args, { cwd: folder, cli: standIn(folder, handler) })
    const told = result.stderr.trimEnd().split('\n')
    assert.equal(told.filter((line) => line === 'Boom.').length, 4, result.stderr)
    const sentence = /^The function ended 4 times in a row and was given up \(Boom\): the same /
    assert.match(told.at(-1) ?? '', sentence)
    assert.doesNotMatch(result.stderr, /^ {4}at /m)
    assert.equal(result.exitCode, 1)
  })

  test('what could not be written is told, with exit code 1', async () => {
    const folder = temporaryFolder()
    const pending = { records: 0, metricRows: 2, parquetRows: 1 }
    const args = ['run', '--once', '--input', write(folder, events(1))]
    const result = await cli(args, { cwd: folder, cli: standIn(folder, ANSWERING(pending)) })
    const sentence = /^Not everything could be written \(1 Parquet row, 2 metric rows wait in the /
    assertTold(result, { exitCode: 1, sentences: [/^100 % {2}1 of 1 events {2}/, sentence] })
    assert.match(result.stdout, /^events {8}1 received = /m)
  })

  test('warnings and errors are shown as lines, and everything with --verbose', async () => {
    const folder = temporaryFolder()
    const logging = `exports.handler = (context, event) => {
      context.logger.infoWith('Quiet.', { a: 1 })
      context.logger.warnWith('Loud.', { waitedMs: 5, why: 'a b', name: 'x\\u001b[2J' })
      context.callback('{}')
    }`
    const path = standIn(folder, logging)
    const args = ['run', '--once', '--input', write(folder, '')]
    const plain = await cli(args, { cwd: folder, cli: path })
    assert.match(plain.stderr, /^warn {3}Loud\. waitedMs=5 why="a b" name=x\ufffd\[2J$/m)
    assert.doesNotMatch(plain.stderr, /Quiet/)
    assert.equal(plain.exitCode, 0)
    const all = await cli([...args, '--verbose'], { cwd: folder, cli: path })
    assert.match(all.stderr, /^info {3}Quiet\. a=1$/m)
  })
})

suite('a run of the built function', { concurrency: 3 }, () => {
  test('plays a file once, goes on with nothing, and is read back', async () => {
    const folder = temporaryFolder()
    const input = write(folder, `${events(30)}{"not": "an event"}\n`)
    const args = ['run', '--once', '--data', 'data', '--input', input]
    const first = await cli(args, { cwd: folder })
    assert.equal(first.exitCode, 0, first.stderr)
    assert.match(first.stdout, /^iris:v1 +30 +0\.100 +1\.000 +0 +0 +no training set$/m)
    assert.match(first.stdout, /31 received = 30 accepted \+ 0 errors \+ 0 ignored \+ 1 rejected/)
    assert.match(first.stdout, /^rejected +1 missing$/m)
    assert.match(first.stdout, /endpoints --data data$/m)
    assert.match(first.stderr, /^100 % {2}31 of 31 events {2}/m)
    const again = await cli(args, { cwd: folder })
    assert.match(again.stderr, /^All 31 events of .*input\.jsonl were played before/)
    assert.match(again.stdout, / 31 received = 30 accepted .* \+ 0 duplicates$/m)

    const listed = await cli(['endpoints', '--json', '--data', 'data'], { cwd: folder })
    const [record] = JSON.parse(listed.stdout)
    assert.equal(record.model, 'iris:v1')
    assert.equal(record.predictions_count_5m, 30)
    const table = await cli(['endpoints'], { cwd: folder, env: storeIn(folder) })
    assert.match(table.stdout, new RegExp(`^${record.endpoint_id.slice(0, 8)} +iris:v1 `, 'm'))

    const series = ['series', '--data', 'data', '--endpoint', 'iris', '--limit', '2', '--json']
    const read = await cli([...series, '--metric', 'predictions_count_5m'], { cwd: folder })
    assert.deepEqual(
      JSON.parse(read.stdout).map(({ time, value }: { time: string; value: number }) => [
        time,
        value,
      ]),
      [
        ['2021-07-01T10:00:10.000Z', 11],
        ['2021-07-01T10:00:20.000Z', 21],
      ],
    )
    assert.match(read.stderr, /^Only the newest 2 values are shown: /)
    const none = await cli(['series', '--data', 'data', '--endpoint', 'none'], { cwd: folder })
    assertTold(none, { exitCode: 1, sentences: [/^No endpoint fits --endpoint "none": /] })
  })

  test('serves HTTP until a signal, and is read through it', async (t) => {
    const folder = temporaryFolder()
    const child = start(['run', '--data', 'data', '--port', '0'], { cwd: folder })
    t.after(() => child.kill('SIGKILL'))
    const result = finished(child)
    const told = await heard(child, 'until Ctrl-C')
    const [url = ''] = /http:\/\/[\d.:]+/.exec(told) ?? []
    const when = new Date().toISOString()
    const body = events(1, 'wine').replace(/"when":"[^"]*"/, `"when":"${when}"`)
    assert.equal((await fetch(url, { method: 'POST', body })).status, 202)
    const status = await (await fetch(`${url}/status`)).json()
    assert.equal(Reflect.get(Object(status), 'events').received, 1)
    const listed = await cli(['endpoints', '--json', '--data', 'data'], { cwd: folder })
    assert.equal(listed.exitCode, 0, listed.stderr)
    assert(Array.isArray(JSON.parse(listed.stdout)))
    const second = await cli(['run', '--data', 'data', '--port', '0'], { cwd: folder })
    const sentences = [new RegExp(`data is in use by process ${child.pid}: stop that process`)]
    assertTold(second, { exitCode: 1, sentences })
    child.kill('SIGTERM')
    const { exitCode, stderr } = await result
    assert.equal(exitCode, 0, stderr)
    // What was pushed is kept, also when it was not yet due.
    const after = await cli(['run', '--once', '--data', 'data', '--input', write(folder, '')], {
      cwd: folder,
    })
    assert.match(after.stdout, /^wine:v1 +1 /m)
  })

  test('plays stdin, each time as a stream of its own', async () => {
    const folder = temporaryFolder()
    const args = ['run', '--once', '--input', '-']
    for (const received of [2, 4]) {
      const result = await cli(args, { cwd: folder, stdin: events(2) })
      assert.equal(result.exitCode, 0, result.stderr)
      assert.match(result.stdout, new RegExp(` ${received} received = ${received} accepted `))
    }
  })

  test('the demo plays the recorded events, and is made anew each time', async () => {
    const folder = temporaryFolder()
    const recorded = readFileSync('examples/events-2021.jsonl', 'utf8').trimEnd().split('\n')
    const first = await cli(['run', '--demo', '--once'], { cwd: folder })
    assert.equal(first.exitCode, 0, first.stderr)
    const shown = recorded.length.toLocaleString('en-US')
    assert.match(first.stdout, new RegExp(`^events +${shown} received = .* 0 duplicates$`, 'm'))
    const args = ['run', '--demo', '--once', '--input', write(folder, events(2))]
    const second = await cli(args, { cwd: folder })
    assert.match(second.stdout, /^events +2 received = 2 accepted /m)
  })
})
