// Claim: what is registered of a training set is what pandas and numpy say of it, for the examples and for random
// frames as CSV and as Parquet in all its compressions; and a real PostgreSQL server takes it, beside what the
// stream wrote.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { cli, events, temporaryFolder, write } from '../contract/cli-child.ts'
import { startPostgres } from './postgres-server.ts'
import { runPython } from './programs.ts'

const SEED = Number(process.env['TRAINING_SETS_SEED'] ?? Date.now() % 1_000_000)

async function check(path: string, folder: string): Promise<void> {
  const profile = join(folder, 'profile.json')
  const args = ['register', '--training-set', path, '--export-record', profile]
  const { exitCode, stderr } = await cli(args, { cwd: folder })
  assert.equal(exitCode, 0, `${path}: ${stderr}`)
  await runPython('training_sets.py', ['check', path, profile])
}

for (const name of ['cancer', 'diabetes', 'iris', 'wine']) {
  test(`train-${name}.csv: pandas and numpy find the same`, async () => {
    await check(resolve(`examples/train-${name}.csv`), temporaryFolder())
  })
}

test('random frames, CSV and Parquet: pandas and numpy find the same', async (context) => {
  context.diagnostic(`TRAINING_SETS_SEED=${SEED}`)
  const sets = temporaryFolder()
  await runPython('training_sets.py', ['make', sets, String(SEED)])
  for (const name of readdirSync(sets)) {
    await context.test(name, () => check(join(sets, name), temporaryFolder()))
  }
})

test('a real PostgreSQL server: registered before and after events', async (t) => {
  const server = await startPostgres()
  t.after(() => server.stop())
  const env = { STORE_URL: await server.createDatabase('registered') }
  const folder = temporaryFolder()
  const at = { cwd: folder, env }
  const register = async (set: string): Promise<Readonly<Record<string, unknown>>> => {
    const target = ['--function-uri', 'demo/serving', '--model', 'iris', '--model-version', 'v1']
    const source = ['--training-set', resolve(`examples/train-${set}.csv`)]
    const args = ['register', ...source, ...target, '--label-column', 'label', '--json']
    const { exitCode, stdout, stderr } = await cli(args, at)
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout)
  }
  const first = await register('iris')
  const input = write(folder, events(20).replaceAll(',2.5]]', ',2.5,1,1]]'))
  const run = await cli(['run', '--once', '--data', 'data', '--input', input], at)
  assert.equal(run.exitCode, 0, run.stderr)
  const { stdout } = await cli(['endpoints', '--json'], at)
  const [written = {}, ...others]: readonly Record<string, unknown>[] = JSON.parse(stdout)
  assert.deepEqual(others, [])
  for (const name of ['feature_stats', 'feature_names', 'label_names']) {
    assert.equal(written[name], first[name], name)
  }
  assert.equal(written['last_request'], '2021-07-01T10:00:19.000Z')
  const again = await register('wine')
  const own = new Set(['feature_stats', 'feature_names'])
  for (const [name, value] of Object.entries(written)) {
    if (!own.has(name)) assert.equal(again[name], value, name)
  }
  assert.match(String(again['feature_names']), /^\["alcohol", "malic_acid", /)
})
