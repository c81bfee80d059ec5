// Claim: what is said of drift is the same in V3IO and in the embedded store: a training set that is registered,
// events, a flush; then attributes of the record and rows of the time series, read back by each store's reader.
// Shown on V3IO's doubles; names of features that V3IO does not take are those of safe-name.ts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { seededRandom } from '../../bench/support.ts'
import { streamSettings } from '../../handler/stream-settings.ts'
import { parseConfig } from '../../lib/config/parse.ts'
import { register } from '../../lib/register/registration.ts'
import type { TrainingProfile } from '../../lib/register/training-profile.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { numberMetricName } from '../../lib/store/v3io/safe-name.ts'
import { Pipeline } from '../../lib/stream/pipeline.ts'
import type { SeriesPoint, Store } from '../../lib/stream/ports.ts'
import { spoolLog } from '../../lib/stream/spool-log.ts'
import { Telemetry } from '../../lib/stream/telemetry.ts'
import { normal } from '../support/drift-data.ts'
import { PANE_MS, START_MS, WINDOW_MS } from '../support/drift-stream.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { memoryStore } from '../support/memory-store.ts'
import { call, SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { TEST_LOG, testClock } from '../support/test-pipeline.ts'
import { startV3ioDoubles, type V3ioDoubles } from '../support/v3io-doubles.ts'

const ATTRIBUTES = [
  'feature_stats',
  'current_stats',
  'drift_measures',
  'drift_status',
  'stream_drift',
  'data_quality',
]
const RECORD_TYPES = ['drift_measures', 'drift_features', 'drift_events', 'data_quality']
/** A name that V3IO takes for no attribute and no metric. */
const LENGTH = 'length (cm)'
const nothing = (): void => undefined

let doubles: V3ioDoubles
let embedded: Store
const folder = temporaryFolder()
before(async () => {
  doubles = await startV3ioDoubles()
  embedded = await openEmbedded({ folder: folder.path })
})
after(async () => {
  await Promise.all([doubles.close(), embedded.close()])
  folder.remove()
})

/** Twenty bins from -3 to 3, with as many rows as a normal column would have in them, or nearly so. */
function profile(): TrainingProfile {
  const random = seededRandom(3)
  const values = Array.from({ length: 400 }, () => Math.max(-2.9, Math.min(2.9, normal(random))))
  const edges = Array.from({ length: 21 }, (_, bin) => -3 + bin * 0.3)
  const counts = edges
    .slice(0, 20)
    .map((edge) => values.filter((value) => value >= edge && value < edge + 0.3).length)
  const rows = counts.reduce((sum, count) => sum + count, 0)
  const histogram = { counts, edges }
  const stats = {
    kind: 'number',
    count: rows,
    mean: 0,
    std: 1,
    min: -3,
    max: 3,
    histogram,
  } as const
  return {
    columns: [LENGTH, 'width', 'y'].map((name) => ({ name, stats })),
    labelNames: ['y'],
  }
}

/** Plays 90 minutes with a row each 20 s; one feature moves, and some values are no good. */
async function play(store: Store): Promise<void> {
  const clock = testClock()
  clock.after = (_ms, call_) => {
    const timer = setTimeout(call_, 0)
    return () => clearTimeout(timer)
  }
  const name = { functionUri: 'p/f:v1', model: 'm', version: 'v1' }
  const registered = await register(
    { name, profile: profile() },
    { store: { ...store, defaultVersion: 'latest' }, wait: async () => undefined },
  )
  assert.equal(registered?.endpointId, SERVING_ID)
  const config = parseConfig({ TSDB_BATCHING_TIMEOUT_SECS: '1' })
  const pipeline = await Pipeline.open({
    tables: [],
    log: TEST_LOG,
    settings: streamSettings(config),
    ...spoolLog(memoryDisk(), { segmentBytes: 1024 * 1024, syncEvery: false, epoch: 1 }),
    deadLetterFile: { append: nothing, sync: nothing, close: nothing },
    deadLetterLines: [],
    store,
    parquet: memoryStore().parquet,
    clock,
    random: () => 0.5,
    telemetry: new Telemetry({ debug: nothing, info: nothing, warn: nothing, error: nothing }),
  })
  await pipeline.catchUp()
  const random = seededRandom(4)
  for (let count = 0; count < 270; count++) {
    const atMs = START_MS + count * 20_000
    clock.timeUs = atMs * 1000
    const length = count % 50 === 7 ? null : normal(random) + (count > 90 ? 2 : 0)
    const width = count % 40 === 9 ? 'wide' : normal(random)
    const when = `${new Date(atMs).toISOString().slice(0, -1).replace('T', ' ')}000+00:00`
    const event = servingEvent({ when, ...call('r', [[length, width]]) })
    pipeline.accept(Buffer.from(JSON.stringify(event)), null, clock.timeUs)
    // The first one waits for the record; after that nothing does.
    if (count === 0) await pipeline.flushAll()
  }
  await pipeline.flushAll()
  await pipeline.close()
}

/** The wanted rows of the time series, as texts, with V3IO's names of metrics. */
async function rowsOf(store: Store, recordType: string): Promise<readonly string[]> {
  const query = { endpointId: SERVING_ID, recordType, limit: 100_000 }
  const points = await store.reader.series(query)
  const text = ({ atMs, metric, value }: SeriesPoint): string =>
    `${new Date(atMs).toISOString()} ${numberMetricName(metric)} ${value}`
  return points.map(text).sort()
}

test('drift is said alike in V3IO and in the embedded store', async (t) => {
  await play(embedded)
  await play(doubles.store)
  const [expected] = await embedded.reader.endpoints()
  const [found] = await doubles.store.reader.endpoints()

  for (const name of ATTRIBUTES) {
    await t.test(`attribute ${name}`, () => {
      assert(expected?.get(name) !== undefined)
      assert.equal(found?.get(name), expected.get(name))
    })
  }

  await t.test('and is what was played', () => {
    const drift = JSON.parse(String(found?.get('stream_drift')))
    assert.equal(drift.state, 'measured')
    assert.deepEqual(
      drift.alarms.map(({ feature }: { readonly feature: string }) => feature),
      [LENGTH],
    )
    const quality = JSON.parse(String(found?.get('data_quality')))
    assert.equal(quality.width.wrong_type, Math.floor(180 / 40))
    assert(quality.y === undefined && quality[LENGTH].out_of_range > 0)
    assert(JSON.parse(String(found?.get('drift_measures')))[LENGTH].tvd > 0.5)
  })

  for (const recordType of RECORD_TYPES) {
    await t.test(`rows ${recordType}`, async () => {
      const rows = await rowsOf(embedded, recordType)
      assert(rows.length > 0)
      assert.deepEqual(await rowsOf(doubles.store, recordType), rows)
    })
  }

  await t.test('each pane is told of', async () => {
    const rows = await rowsOf(doubles.store, 'drift_measures')
    const times = new Set(rows.map((row) => row.split(' ')[0]))
    for (let atMs = START_MS + PANE_MS; atMs <= START_MS + 1.4 * WINDOW_MS; atMs += PANE_MS) {
      assert(times.has(new Date(atMs).toISOString()), new Date(atMs).toISOString())
    }
  })
})
