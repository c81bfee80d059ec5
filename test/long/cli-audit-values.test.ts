// Claim: of an endpoint with a training set `audit` counts again, from files and dead letters, which values were no
// good; it finds what the stream has counted, after the run and beside the running function, and names what was
// taken away.
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuditReport } from '../../lib/audit/audit.ts'
import { cli, finished, heard, start, temporaryFolder, write } from '../contract/cli-child.ts'

const BASE = {
  model: 'iris',
  version: 'v1',
  function_uri: 'demo/serving',
  op: 'infer',
  microsec: 5,
}
// The numbers lie between 0 and 10, the only text is red.
const TRAINING = 'a,colour,label\n0,red,0\n5,red,1\n10,red,1\n'

/** Rows of a and colour. */
function event(index: number, inputs: readonly unknown[], outputs: readonly unknown[]): string {
  const when = `2021-07-01T10:00:${String(index).padStart(2, '0')}.000Z`
  const one = { ...BASE, when, request: { id: `r${index}`, inputs }, resp: { outputs } }
  return `${JSON.stringify(one)}\n`
}

const EVENTS = [
  event(0, [[1, 'red']], [1]),
  event(
    1,
    [
      [11, 'green'],
      [null, null],
    ],
    [1, 2],
  ),
  event(2, [['much', 'red']], [1]),
  event(3, [[10, 'blue']], [null]),
]

async function auditOf(folder: string, more: readonly string[] = []): Promise<AuditReport> {
  const { stdout, stderr } = await cli(['audit', '--data', 'data', '--json', ...more], {
    cwd: folder,
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as AuditReport
}

/** The proof of the one endpoint, without its offset. */
function proofIn({ endpoints }: AuditReport): unknown {
  const { offset, ...proof } = { offset: 0, ...endpoints[0]?.quality }
  return proof
}

const FOUND = {
  state: 'proven',
  rows: 5,
  values: { missing: 3, wrong_type: 1, out_of_range: 2, unseen: 2 },
}

test('values that were no good are counted again from files and dead letters', async (t) => {
  const folder = temporaryFolder()
  const at = { cwd: folder }
  const trainingSet = join(folder, 'train.csv')
  renameSync(write(folder, TRAINING), trainingSet)
  const target = ['--function-uri', 'demo/serving', '--model', 'iris', '--model-version', 'v1']
  const from = ['--training-set', trainingSet, '--label-column', 'label', '--data', 'data']
  const registered = await cli(['register', ...from, ...target], at)
  assert.equal(registered.exitCode, 0, registered.stderr)
  const input = write(folder, EVENTS.join(''))
  const played = await cli(['run', '--once', '--data', 'data', '--input', input], at)
  assert.equal(played.exitCode, 0, played.stderr)

  await t.test('after the run, as JSON and for people', async () => {
    const report = await auditOf(folder)
    assert.deepEqual(report.differences, [])
    assert.deepEqual(proofIn(report), FOUND)
    const { stdout, exitCode } = await cli(['audit', '--data', 'data'], at)
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /\nvalues of [0-9a-f]{40} in [0-9a-f-]{36}: 5 rows: 3 missing, 1 wrong type, 2 out of range, 2 unseen\n/,
    )
  })

  await t.test('without reading files, if asked', async () => {
    const report = await auditOf(folder, ['--rows-only'])
    assert.deepEqual(proofIn(report), { state: 'unproven', reason: 'not-asked' })
    assert.deepEqual(report.differences, [])
  })

  await t.test('beside the running function, through its HTTP', async () => {
    const child = start(['run', '--data', 'data', '--port', '0'], at)
    t.after(() => child.kill('SIGKILL'))
    const ended = finished(child)
    await heard(child, 'until Ctrl-C')
    assert.deepEqual(proofIn(await auditOf(folder)), FOUND)
    child.kill('SIGINT')
    await ended
  })

  await t.test('a letter that is gone takes its value along', async () => {
    const letters = join(folder, 'data/dead-letters')
    renameSync(letters, join(folder, 'letters'))
    mkdirSync(letters)
    const { differences } = await auditOf(folder)
    rmSync(letters, { recursive: true })
    renameSync(join(folder, 'letters'), letters)
    assert.deepEqual(
      differences.map(({ kind, what }) => [kind, what.replace(/offset \d+/, 'offset N')]),
      [
        ['values-differ', 'The values of 5 rows were counted up to offset N, 4 rows are there.'],
        [
          'values-differ',
          'Of the feature "a" 1 values were counted as wrong_type up to offset N, and 0 are there.',
        ],
        ['letters-missing', '1 of 1 dead letters are not there.'],
      ],
    )
  })
})
