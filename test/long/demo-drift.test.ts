// What the demo says of drift, by the built function, is what a slow computation from its events and training
// sets alone comes to; and its summary names the model that has drifted, with features and since when.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { finished, start, temporaryFolder } from '../contract/cli-child.ts'
import { slowTvd } from '../support/drift-stream.ts'

const WINDOW_END_MS = Date.parse('2026-11-02T10:00:00Z')
const WINDOW_MS = 3_600_000

interface Event {
  readonly model: string
  readonly when: string
  readonly resp?: object
  readonly request: { readonly inputs: readonly (readonly (number | null)[])[] }
}

/** Columns of a CSV file by name. */
function trainingOf(file: string): Readonly<Record<string, readonly number[]>> {
  const [head = '', ...lines] = readFileSync(join('examples', file), 'utf8').trim().split('\n')
  const rows = lines.map((line) => line.split(',').map(Number))
  const names = head.trim().split(',')
  return Object.fromEntries(names.map((name, at) => [name, rows.map((row) => row[at] ?? 0)]))
}

/** Rows of a model in the hour before the window's end. */
function rowsOf(model: string): readonly (readonly (number | null)[])[] {
  const lines = readFileSync('examples/events-2021.jsonl', 'utf8').trim().split('\n')
  return lines.flatMap((line) => {
    const event = JSON.parse(line) as Event
    if (event.model !== model || event.resp === undefined) return []
    const atMs = Date.parse(event.when.replace(' ', 'T'))
    const isIn = atMs < WINDOW_END_MS && atMs >= WINDOW_END_MS - WINDOW_MS
    return isIn ? event.request.inputs : []
  })
}

test('the demo measures drift as a slow computation does, and says what has drifted', async () => {
  const data = join(temporaryFolder(), 'data')
  const ran = await finished(start(['run', '--demo', '--once', '--data', data], { cwd: '.' }))
  assert.equal(ran.exitCode, 0, ran.stderr)
  assert.match(
    ran.stdout,
    /^cancer:2 has drifted since 2026-11-02 09:00 UTC: mean_radius up by \d\.\d sigma/m,
  )
  assert.doesNotMatch(ran.stdout, /^(wine|iris|diabetes).* has drifted/m)
  const store = await openEmbedded({ folder: join(data, 'store') })
  try {
    const points = await store.reader.series({ recordType: 'drift_features', limit: 100_000 })
    const records = await store.reader.endpoints()
    // Events of the fourth are batches.
    for (const model of ['cancer', 'iris', 'wine']) {
      const training = trainingOf(`train-${model}.csv`)
      const rows = rowsOf(model)
      const record = records.find((one) => String(one.get('model')).startsWith(`${model}`))
      const endpointId = String(record?.get('endpoint_id'))
      const features = Object.keys(training).filter((name) => name !== 'label')
      for (const [at, name] of features.entries()) {
        const current = rows.flatMap((row) => row[at] ?? [])
        const expected = slowTvd(training[name] ?? [], current)
        const found = points.find(
          (point) =>
            point.endpointId === endpointId &&
            point.atMs === WINDOW_END_MS &&
            point.metric === name,
        )
        assert(
          found && Math.abs(Number(found.value) - expected) < 1e-9,
          `${model} ${name}: ${found?.value} for ${expected}`,
        )
      }
    }
  } finally {
    await store.close()
  }
})
