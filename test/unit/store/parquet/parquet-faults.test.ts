import assert from 'node:assert'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { parquetPath } from '../../../../lib/store/parquet/parquet-path.ts'
import { createParquetSink } from '../../../../lib/store/parquet/parquet-sink.ts'
import { errorCode } from '../../../../lib/stream/errors.ts'
import { expectedRow, fileOf, plainRow } from './dull-file.ts'
import { readBack } from './read-back.ts'

// Whatever the disk and the worker do: the file is whole under its name or not there, the answer
// says which, and the next try succeeds. The built worker runs behind a script that makes a call of
// node:fs fail, as often as it is told.

const folder = mkdtempSync(join(tmpdir(), 'parquet-faults-'))
const root = join(folder, 'root')
const worker = resolve('dist/parquet-worker.js')
const file = fileOf([plainRow, { ...plainRow, requestId: 'b' }])
const path = parquetPath(root, file.claim)

beforeEach(() => rmSync(root, { recursive: true, force: true }))
after(() => rmSync(folder, { recursive: true }))

/** Makes a worker script in which one function of node:fs does something else `count` times. */
function brokenWorker(options: { call: string; count: number; instead: string }): string {
  const { call, count, instead } = options
  // Node opens files by itself too, the .wasm file for one: only ours shall fail.
  const isSpared = call === 'openSync' ? "!String(args[0]).endsWith('.tmp')" : 'false'
  const script = join(folder, `${call}-${count}-${Math.random()}.cjs`)
  const left = join(folder, `${call}-left`)
  writeFileSync(left, String(count))
  const quoted = JSON.stringify(left)
  writeFileSync(
    script,
    `const fs = require('node:fs')
    const { ${call}: real, readFileSync, writeFileSync } = fs
    const fail = (code) => { throw Object.assign(new Error(code + ': from the test'), { code }) }
    fs.${call} = (...args) => {
      const left = Number(readFileSync(${quoted}, 'utf8'))
      if (left === 0 || ${isSpared}) return real(...args)
      writeFileSync(${quoted}, String(left - 1))
      ${instead}
    }
    require(${JSON.stringify(worker)})`,
  )
  return script
}

async function assertWritten(): Promise<void> {
  const { rows } = await readBack(path)
  assert.equal(rows.length, 2)
  assert.deepEqual(rows[0], expectedRow(plainRow))
  assert.deepEqual(readdirSync(dirname(path)).length, 1, 'nothing beside the file')
}

const diskFaults = [
  { call: 'mkdirSync', code: 'EACCES' },
  { call: 'openSync', code: 'EROFS' },
  { call: 'writeSync', code: 'ENOSPC' },
  { call: 'fsyncSync', code: 'EIO' },
  { call: 'renameSync', code: 'ENOENT' },
]
for (const { call, code } of diskFaults) {
  test(`${code} of ${call} is tried again and leaves nothing behind`, async () => {
    const workerPath = brokenWorker({ call, count: 1, instead: `fail('${code}')` })
    const sink = createParquetSink({ root, workerPath })
    assert.deepEqual(await sink.write(file), { kind: 'retry', reason: `${code}: from the test` })
    assert.ok(!existsSync(path))
    if (existsSync(dirname(path))) assert.deepEqual(readdirSync(dirname(path)), [])
    assert.deepEqual(await sink.write(file), { kind: 'written' })
    await assertWritten()
    await sink.close()
  })
}

test('a disk that takes a few bytes at a time gets the whole file', async () => {
  const workerPath = brokenWorker({
    call: 'writeSync',
    count: 100,
    instead: 'return real(args[0], args[1], args[2], Math.min(10, args[1].length - args[2]))',
  })
  const sink = createParquetSink({ root, workerPath })
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  await assertWritten()
  await sink.close()
})

for (const call of ['writeSync', 'fsyncSync', 'renameSync']) {
  test(`a worker killed at ${call} is replaced, its temporary file removed`, async () => {
    const workerPath = brokenWorker({ call, count: 1, instead: 'process.exit(9)' })
    const sink = createParquetSink({ root, workerPath })
    const outcome = await sink.write(file)
    assert.deepEqual(outcome, { kind: 'retry', reason: 'The Parquet worker ended: exit code 9.' })
    assert.ok(!existsSync(path))
    assert.match(readdirSync(dirname(path)).join(), /^\.log-a-000001\.parquet\.[0-9a-f-]{36}\.tmp$/)
    // The dead worker's file of another name is none of this file's business.
    const others = join(dirname(path), `.log-a-000002.parquet.${'0'.repeat(36)}.tmp`)
    writeFileSync(others, '')
    assert.deepEqual(await sink.write(file), { kind: 'written' })
    assert.ok(existsSync(others))
    rmSync(others)
    await assertWritten()
    await sink.close()
  })
}

test('a file that costs three workers in a row is given up, other files are written', async () => {
  const workerPath = brokenWorker({ call: 'renameSync', count: 3, instead: 'process.exit(1)' })
  const sink = createParquetSink({ root, workerPath })
  assert.equal((await sink.write(file)).kind, 'retry')
  assert.equal((await sink.write(file)).kind, 'retry')
  assert.equal((await sink.write(file)).kind, 'rejected')
  assert.deepEqual(await sink.write(fileOf([plainRow], { number: 2 })), { kind: 'written' })
  await sink.close()
})

test('a worker that says it is broken is replaced', async () => {
  const mark = join(folder, 'was-broken')
  const workerPath = join(folder, 'broken-once.cjs')
  writeFileSync(
    workerPath,
    `const { existsSync, writeFileSync } = require('node:fs')
    const { parentPort } = require('node:worker_threads')
    if (existsSync(${JSON.stringify(mark)})) require(${JSON.stringify(worker)})
    else parentPort.on('message', () => {
      writeFileSync(${JSON.stringify(mark)}, '')
      parentPort.postMessage({ kind: 'broken', reason: 'unreachable' })
    })`,
  )
  const sink = createParquetSink({ root, workerPath })
  assert.deepEqual(await sink.write(file), { kind: 'retry', reason: 'unreachable' })
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  await assertWritten()
  await sink.close()
})

test('a worker that cannot start costs no file its place', async () => {
  const workerPath = join(folder, 'nowhere.js')
  const sink = createParquetSink({ root, workerPath })
  await assert.rejects(sink.warmUp(), (error) => errorCode(error) === 'path-unusable')
  for (let count = 0; count < 5; count++) {
    const outcome = await sink.write(file)
    assert.ok(outcome.kind === 'retry' && outcome.reason.includes('nowhere.js'))
  }
  await sink.close()
})

test('a root that is a file is tried again until it is a folder', async () => {
  writeFileSync(root, '')
  const sink = createParquetSink({ root, workerPath: worker })
  const outcome = await sink.write(file)
  assert.ok(outcome.kind === 'retry' && /ENOTDIR|EEXIST/.test(outcome.reason))
  rmSync(root)
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  await assertWritten()
  await sink.close()
})

test('a folder in the place of the file is tried again', async () => {
  mkdirSync(path, { recursive: true })
  const sink = createParquetSink({ root, workerPath: worker })
  assert.equal((await sink.write(file)).kind, 'retry')
  rmSync(path, { recursive: true })
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  await assertWritten()
  await sink.close()
})

test('a torn file under the final name is replaced', async () => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, 'PAR1 and no more')
  const sink = createParquetSink({ root, workerPath: worker })
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  await assertWritten()
  await sink.close()
})
