// Claim: `audit` proves that every event of a run is accounted for, beside the running function and after it,
// and names what somebody has taken away, added, doubled or damaged; with the minute and the offsets.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { AuditReport } from '../../lib/audit/audit.ts'
import {
  assertTold,
  cli,
  finished,
  heard,
  start,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'

const BASE = {
  model: 'iris',
  version: 'v1',
  function_uri: 'demo/serving',
  op: 'infer',
  microsec: 1000,
}

function event(id: number, when: string, outputs: readonly unknown[] = [1, 1]): object {
  return { ...BASE, when, request: { id: `r${id}`, inputs: [[1], [2]] }, resp: { outputs } }
}

const HOURS = ['2021-07-01T10:00:00.000Z', '2021-07-01T11:30:00.000Z', '2021-07-01T12:45:00.000Z']
const EVENTS = [
  ...HOURS.flatMap((when) => [0, 1, 2, 3].map((id) => event(id, when))),
  // A row without an output, and an event that is none.
  event(99, HOURS[2] ?? '', [1]),
  { error: 'it broke', ...BASE, when: HOURS[2] },
  { model: 'iris' },
]

async function auditOf(folder: string, more: readonly string[] = []): Promise<AuditReport> {
  const { stdout, stderr, exitCode } = await cli(['audit', '--data', 'data', '--json', ...more], {
    cwd: folder,
  })
  assert.notEqual(stdout, '', stderr)
  const report: AuditReport = JSON.parse(stdout)
  assert.equal(exitCode, report.differences.length === 0 ? 0 : 1)
  return report
}

function kinds({ differences }: AuditReport): readonly string[] {
  return differences.map(({ kind }) => kind)
}

function parquetFiles(folder: string): readonly string[] {
  const root = join(folder, 'data/parquet')
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(root, name))
}

test('all is accounted for, and what somebody does to files is named', async (t) => {
  const folder = temporaryFolder()
  const input = write(folder, EVENTS.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const played = await cli(['run', '--once', '--data', 'data', '--input', input], { cwd: folder })
  assert.equal(played.exitCode, 0, played.stderr)

  await t.test('after the run', async () => {
    const report = await auditOf(folder)
    assert.deepEqual([report.unaccounted, report.differences], [0, []])
    const [log] = report.logs
    assert(log !== undefined)
    const { received, accepted, error, rejected } = log.events
    assert.deepEqual([received, accepted, error, rejected], [15, 13, 1, 1])
    assert.deepEqual(
      [log.rows.accepted, log.rows.in_parquet, log.rows.rejected, log.rows.pending],
      [25, 25, 1, 0],
    )
    assert.deepEqual(log.letters, { found: 2, expected: 2 })
    const { stdout } = await cli(['audit', '--data', 'data'], { cwd: folder })
    assert.match(stdout, /All is accounted for: 15 events and 25 rows\. unaccounted: 0\n$/)
  })

  await t.test('beside the running function, through its HTTP', async () => {
    const child = start(['run', '--data', 'data', '--port', '0'], { cwd: folder })
    t.after(() => child.kill('SIGKILL'))
    const ended = finished(child)
    const told = await heard(child, 'until Ctrl-C')
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
    const report = await auditOf(folder)
    assert.deepEqual([report.unaccounted, report.differences], [0, []])
    assert.equal(report.logs[0]?.rows.accepted, 25)
    const ledger = await fetch(`${url}/api/ledger?newest=1`)
    const lines = (await ledger.json()) as readonly Record<string, unknown>[]
    assert.deepEqual(
      lines.map((line) => [line['endpoint_id'] === '', line['received']]),
      [
        [true, 15],
        [false, 14],
      ],
    )
    assert.equal((await fetch(`${url}/api/claims`)).status, 400)
    assert.equal((await fetch(`${url}/api/ledger?newest=yes`)).status, 400)
    child.kill('SIGINT')
    await ended
  })

  const [first = '', second = '', third = ''] = parquetFiles(folder)

  await t.test('a file that is gone', async () => {
    renameSync(second, join(folder, 'kept'))
    const report = await auditOf(folder)
    assert.equal(report.unaccounted, 8)
    assert.deepEqual(kinds(report), ['rows-missing', 'file-missing'])
    assert.match(
      report.differences[0]?.what ?? '',
      /^8 rows are in no file and no dead letter, the first of them from an event at offset \d+ to \d+, counted by 2021-07-01T\d\d:\d\dZ\.$/,
    )
    renameSync(join(folder, 'kept'), second)
  })

  await t.test('a file that is there twice', async () => {
    const copy = second.replace(/000001\.parquet$/, '000002.parquet')
    copyFileSync(second, copy)
    const report = await auditOf(folder)
    assert.equal(report.unaccounted, 8)
    assert.deepEqual(kinds(report), ['rows-twice'])
    rmSync(copy)
  })

  await t.test('one is gone and another twice: they do not make up for each other', async () => {
    const copy = first.replace(/000001\.parquet$/, '000002.parquet')
    copyFileSync(first, copy)
    renameSync(third, join(folder, 'kept'))
    const report = await auditOf(folder)
    assert.deepEqual(kinds(report), ['rows-twice', 'rows-missing', 'file-missing'])
    assert.equal(report.unaccounted, 8 + 9)
    rmSync(copy)
    renameSync(join(folder, 'kept'), third)
  })

  await t.test('files that are damaged, and of others', async () => {
    writeFileSync(join(dirname(first), 'other.parquet'), 'no Parquet file')
    const report = await auditOf(folder)
    assert.deepEqual(kinds(report), ['file-damaged'])
    rmSync(join(dirname(first), 'other.parquet'))
  })

  await t.test('dead letters that are gone', async () => {
    const letters = join(folder, 'data/dead-letters')
    renameSync(letters, join(folder, 'letters'))
    mkdirSync(letters)
    const report = await auditOf(folder)
    assert.deepEqual(kinds(report), ['letters-missing'])
    assert.equal(report.unaccounted, 2)
    rmSync(letters, { recursive: true })
    renameSync(join(folder, 'letters'), letters)
  })

  await t.test('from a time on, older files do not matter', async () => {
    renameSync(first, join(folder, 'kept'))
    assert.deepEqual(kinds(await auditOf(folder)), ['rows-missing', 'file-missing'])
    const later = await auditOf(folder, ['--from', '2100-01-01'])
    assert.deepEqual([later.unaccounted, kinds(later)], [0, []])
    renameSync(join(folder, 'kept'), first)
  })

  await t.test('folders that are not there', async () => {
    const result = await cli(['audit', '--data', 'data', '--parquet', 'nowhere'], { cwd: folder })
    assertTold(result, { exitCode: 1, sentences: [/^There is no folder nowhere: name the one of/] })
  })
})
