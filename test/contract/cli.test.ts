// The command line in trouble: every trouble is one sentence on stderr that says what to do, with
// exit code 1 (2 for wrong usage) and never a stack, and nothing is made or started before it. Shown
// on dist/cli.js as a child process.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { lockFolder } from '../../lib/store/disk/folder-lock.ts'
import { assertTold, cli, events, standIn, storeIn, temporaryFolder, write } from './cli-child.ts'

suite('wrong usage', { concurrency: 4 }, () => {
  for (const { args, sentence } of [
    {
      args: [],
      sentence: /^Which command: run, register, endpoints, series, audit, dead-letters\?/,
    },
    {
      args: ['ledger'],
      sentence:
        /^There is no command "ledger", only run, register, endpoints, series, audit, dead-letters\.$/,
    },
    { args: ['run', '--fast'], sentence: /^Unknown option '--fast': "run --help" lists/ },
    { args: ['series', 'iris'], sentence: /^Unexpected argument 'iris'/ },
    { args: ['run', '--port', 'x'], sentence: /^--port wants a whole number from 0 to 65535, / },
    { args: ['run', '--host', 'x'], sentence: /^--host wants 127\.0\.0\.1 or 0\.0\.0\.0 or ::, / },
    { args: ['run', '--port'], sentence: /^Option '--port <value>' argument missing: / },
    { args: ['run', '--demo', '--speed', '0'], sentence: /^--speed wants a number above 0, / },
    { args: ['run', '--speed', '2'], sentence: /^--speed needs something to play: / },
    { args: ['run', '--once'], sentence: /^--once needs something to play: / },
    { args: ['run', '--data', ''], sentence: /^--data is empty: / },
    { args: ['series', '--from', 'soon'], sentence: /^--from wants a time such as 2021-07-01, / },
    { args: ['series', '--limit', '0'], sentence: /^--limit wants a whole number from 1 to / },
    { args: ['series', '--from', '2', '--to', '1'], sentence: /^--from is later than --to: / },
  ]) {
    test(`"${args.join(' ')}" is answered with a sentence`, async () => {
      const folder = temporaryFolder()
      const result = await cli(args, { cwd: folder })
      assertTold(result, { exitCode: 2, sentences: [sentence] })
      assert.deepEqual(readdirSync(folder), [])
    })
  }

  for (const args of [
    ['--help'],
    ['run', '--help'],
    ['register', '--help'],
    ['endpoints', '--help'],
    ['series', '-h'],
  ]) {
    test(`"${args.join(' ')}" prints help`, async () => {
      const { exitCode, stdout, stderr } = await cli(args, { cwd: temporaryFolder() })
      assert.match(
        stdout,
        args.length === 1 ? /COMMAND/ : new RegExp(`model-monitoring ${args[0]}`),
      )
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
    })
  }
})

suite('trouble before anything is started', { concurrency: 4 }, () => {
  test('wrong settings are all told, one a line, and nothing is made', async () => {
    const folder = temporaryFolder()
    const env = { SAMPLE_WINDOW: '0', STORE_URL: 'mysql://me:secret@host/db' }
    const result = await cli(['run'], { cwd: folder, env })
    const sentences = [/^SAMPLE_WINDOW: given "0", wanted /, /^STORE_URL: given "\*\*\*", wanted /]
    assertTold(result, { exitCode: 1, sentences })
    assert.deepEqual(readdirSync(folder), [])
  })

  for (const { name, args, sentence } of [
    {
      name: 'an input that is not there',
      args: ['--input', 'none.jsonl'],
      sentence: /^The input none\.jsonl does not exist: name a file /,
    },
    { name: 'a folder as input', args: ['--input', '.'], sentence: /^The input \. is a folder: / },
    {
      name: 'a data folder that cannot be made',
      args: ['--data', 'file/data'],
      sentence: /^The data folder ".*file\/data" cannot be used \(ENOTDIR\): name a folder that /,
    },
    {
      name: 'a data folder that is a file',
      args: ['--data', 'file'],
      sentence: /^The data folder .*file is a file: name a folder with --data\.$/,
    },
    {
      name: 'a data folder that a setting could not name',
      args: ['--data', 'a{b}'],
      sentence: /^The data folder ".*a\{b\}" has braces, .*: name another one with --data\.$/,
    },
  ]) {
    test(name, async () => {
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'file'), '')
      const result = await cli(['run', '--port', '0', ...args], { cwd: folder })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
      assert.deepEqual(readdirSync(folder), ['file'])
    })
  }

  test('a port in use', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const result = await cli(['run', '--port', `${port}`], { cwd: temporaryFolder() })
    assertTold(result, { exitCode: 1, sentences: [new RegExp(`^Port ${port} is in use: `)] })
  })

  test('a function that is not built', async () => {
    const folder = temporaryFolder()
    const result = await cli(['run'], { cwd: folder, cli: standIn(folder, null) })
    const sentences = [/^The function is not built: run "npm run build" first\.$/]
    assertTold(result, { exitCode: 1, sentences })
  })

  test("a demo without its events' file", async () => {
    const folder = temporaryFolder()
    const result = await cli(['run', '--demo'], { cwd: folder, cli: standIn(folder, '') })
    const sentences = [/^The demo's events are not at .*: name a file with --input\.$/]
    assertTold(result, { exitCode: 1, sentences })
  })

  test('a demo-data that no demo made is left alone', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'demo-data'))
    writeFileSync(join(folder, 'demo-data/mine.txt'), 'mine')
    const result = await cli(['run', '--demo', '--once'], { cwd: folder })
    const sentences = [/^The folder .*demo-data was not made by a demo and is left alone: /]
    assertTold(result, { exitCode: 1, sentences })
    assert.deepEqual(readdirSync(join(folder, 'demo-data')), ['mine.txt'])
  })

  for (const args of [['run', '--port', '0'], ['run', '--demo', '--once'], ['endpoints']]) {
    test(`a store in use by another process: "${args.join(' ')}"`, async (t) => {
      const folder = temporaryFolder()
      const data = join(folder, 'demo-data')
      const lock = await lockFolder(join(data, 'store'))
      t.after(() => lock.release())
      writeFileSync(join(data, '.model-monitoring-demo'), '')
      const own = args.includes('--demo') ? [] : ['--data', 'demo-data']
      const result = await cli([...args, ...own], { cwd: folder })
      const sentence = new RegExp(`demo-data(?:/store)? is in use by process ${process.pid}`)
      assertTold(result, { exitCode: 1, sentences: [sentence] })
      assert(existsSync(join(data, 'store/lock-1.json')))
    })
  }

  test('a file of offsets that holds none', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'offsets.json'), '[1,')
    const input = write(folder, events(1))
    const result = await cli(['run', '--once', '--data', '.', '--input', input], { cwd: folder })
    const sentences = [/^The file .*offsets\.json holds no offsets: move it away, /]
    assertTold(result, { exitCode: 1, sentences })
  })
})

suite('reading what is not there', { concurrency: 4 }, () => {
  test('no folder, no store and no settings are told, and nothing is made', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'empty'))
    for (const { args, env, sentence } of [
      { args: ['endpoints'], env: {}, sentence: /^There is nothing to read here: / },
      {
        args: ['series', '--data', 'none'],
        env: {},
        sentence: /^There is no data folder .*none: /,
      },
      { args: ['series', '--data', 'empty'], env: {}, sentence: /^There is no store in .*store: / },
      { args: ['endpoints'], env: storeIn(folder), sentence: /^There is no store in .*store: / },
      { args: ['endpoints'], env: { STORE_URL: 'x' }, sentence: /^STORE_URL: given "\*\*\*", / },
      {
        args: ['endpoints'],
        env: { STORE_URL: 'v3io' },
        sentence: /^The V3IO store needs V3IO_API, /,
      },
      {
        args: ['endpoints'],
        env: { STORE_URL: 'postgres://me:secret@127.0.0.1:9/db' },
        sentence: /^(?!.*secret).*ECONNREFUSED/,
      },
    ]) {
      const result = await cli(args, { cwd: folder, env })
      assertTold(result, { exitCode: 1, sentences: [sentence] })
    }
    assert.deepEqual(readdirSync(folder), ['empty'])
    assert.deepEqual(readdirSync(join(folder, 'empty')), [])
  })

  test('a function that has the store and does not answer', async (t) => {
    const folder = temporaryFolder()
    const lock = await lockFolder(join(folder, 'store'))
    t.after(() => lock.release())
    lock.setFacts({ port: 9 })
    const result = await cli(['endpoints', '--data', '.'], { cwd: folder })
    const sentence = new RegExp(`^Process ${process.pid} has the store and does not answer at http`)
    assertTold(result, { exitCode: 1, sentences: [sentence] })
  })
})
