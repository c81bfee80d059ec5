// Claim: dead letters are shown with their reasons, and an event that is re-driven lands in its files exactly
// once, only with what was rejected of it, however often the command is called. Shown with a limit that
// rejects some events, some calls of a batch and some rows, and is lifted afterwards.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import {
  assertTold,
  cli,
  finished,
  heard,
  start,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'

const WHEN = '2021-07-01T10:00:00.000Z'
const BASE = { model: 'iris', version: 'v1', function_uri: 'demo/serving', op: 'infer', when: WHEN }

function event(id: string, inputs: readonly (readonly unknown[])[]): object {
  const resp = { outputs: inputs.map(() => 1) }
  return { ...BASE, microsec: 1000, request: { id, inputs }, resp }
}

const SHORT = [1, 'a']
const LONG = [1, 'a'.repeat(100)]
const EVENTS = [
  event('good', [SHORT]),
  event('rows', [SHORT, LONG, SHORT]),
  {
    ...BASE,
    headers: ['microsec', 'request', 'resp'],
    values: [
      [1000, { id: 'call0', inputs: [SHORT] }, { outputs: [1] }],
      [-1, { id: 'call1', inputs: [SHORT] }, { outputs: [1] }],
      [1000, { id: 'call2', inputs: [SHORT, LONG] }, { outputs: [1, 1] }],
    ],
  },
]

async function rowIds(folder: string): Promise<readonly string[]> {
  const root = join(folder, 'data/parquet')
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const rows = await Promise.all(
    names
      .filter((name) => name.endsWith('.parquet'))
      .map((name) => {
        const file = new Uint8Array(readFileSync(join(root, name))).buffer
        return parquetReadObjects({ file, compressors })
      }),
  )
  return rows
    .flat()
    .map((row) => String(row['request_id']))
    .sort()
}

test('what was rejected is shown, and re-driven once', async () => {
  const folder = temporaryFolder()
  const input = write(folder, EVENTS.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const at = { cwd: folder }
  const strict = { ...at, env: { EVENT_TEXT_CHARS_MAX: '64' } }
  const first = await cli(['run', '--once', '--data', 'data', '--input', input], strict)
  assert.equal(first.exitCode, 0, first.stderr)
  assert.deepEqual(await rowIds(folder), ['call0', 'call2', 'good', 'rows', 'rows'])

  const listed = await cli(['dead-letters', 'list', '--data', 'data'], at)
  assert.match(listed.stdout, /too-long[\s\S]*3 dead letters/)
  const asJson = await cli(['dead-letters', 'list', '--data', 'data', '--json'], at)
  const letters: readonly Record<string, unknown>[] = JSON.parse(asJson.stdout)
  assert.deepEqual(
    letters.map(({ call, row }) => [call, row]),
    [
      [null, 1],
      [1, null],
      [2, 1],
    ],
  )
  const chosen = ['dead-letters', 'list', '--data', 'data', '--reason', 'too-long']
  assert.match((await cli(chosen, at)).stdout, /\n2 dead letters\n$/)
  const alone = await cli(['dead-letters', 'redrive', '--data', 'data'], at)
  assertTold(alone, { exitCode: 1, sentences: [/^No function runs here .* start one with /] })

  const child = start(['run', '--data', 'data', '--port', '0'], at)
  const ended = finished(child)
  await heard(child, 'until Ctrl-C')
  const redriven = await cli(['dead-letters', 'redrive', '--data', 'data'], at)
  assert.match(redriven.stdout, /^2 letters accepted\n1 letter rejected again \(.+\)\n$/)
  assert.equal(redriven.exitCode, 1)
  const again = await cli(['dead-letters', 'redrive', '--data', 'data', '--reason', 'too-long'], at)
  assert.equal(again.stdout, '2 letters taken before\n')
  assert.equal(again.exitCode, 0)
  child.kill('SIGINT')
  await ended
  assert.deepEqual(await rowIds(folder), [
    'call0',
    'call2',
    'call2',
    'good',
    'rows',
    'rows',
    'rows',
  ])

  // Of the one that was rejected again the newer letter is left.
  const rest = ['dead-letters', 'redrive', '--data', 'data', '--dry-run', '--json']
  const left: readonly Record<string, unknown>[] = JSON.parse((await cli(rest, at)).stdout)
  assert.deepEqual(
    left.map(({ call, row }) => [call, row]),
    [
      [null, 1],
      [2, 1],
      [null, null],
    ],
  )
})

test('wrong use is told in one sentence', async () => {
  const at = { cwd: temporaryFolder() }
  for (const { args, exitCode, sentence } of [
    { args: [], exitCode: 2, sentence: /^Which one: / },
    { args: ['list'], exitCode: 1, sentence: /^There are no dead letters here: / },
    { args: ['list', '--path', 'nowhere'], exitCode: 1, sentence: /^There is no folder nowhere: / },
    {
      args: ['list', '--path', 'a', '--data', 'b'],
      exitCode: 2,
      sentence: /^Give --data or --path/,
    },
    {
      args: ['redrive', '--path', '.', '--url', 'http://127.0.0.1:9'],
      exitCode: 0,
      sentence: null,
    },
  ]) {
    const result = await cli(['dead-letters', ...args], at)
    if (sentence === null) assert.equal(result.stdout, 'There is nothing to re-drive.\n')
    else assertTold(result, { exitCode, sentences: [sentence] })
  }
})
