// Claim: the totals of the overview are sums over endpoints and a mean by predictions, also where some endpoint has
// drifted, has only been registered, belongs to another project, or has a quote in its names. Shown by numbers that
// are worked out by hand, in each family that asks the store.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ReadApi } from '../../../handler/read-api.ts'
import { openEmbedded } from '../../../lib/store/postgres/open-embedded.ts'
import { PgliteDatabase } from '../../../lib/store/postgres/pglite-database.ts'
import { askInfinity, askJson, askSql, type Choice } from '../../support/dashboards/ask-panel.ts'
import { type Frame, shownBy } from '../../support/dashboards/frames.ts'
import { type Panel, resourceFiles } from '../../support/dashboards/resource.ts'
import { assertSameShown, type Shown } from '../../support/dashboards/shown.ts'
import { ask, NOW_MS, readApiOf, writeRecord } from '../../support/read-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PROJECT = "o'neil"
const choice: Choice = {
  project: PROJECT,
  model: 'busy',
  fromMs: NOW_MS - 3_600_000,
  toMs: NOW_MS,
  pointsMax: 500,
}
const folder = temporaryFolder()

before(async () => {
  const store = await openEmbedded({ folder: folder.path })
  const busy = { predictions_per_second: 2, predictions_count_1h: 100, latency_avg_1h: 1000 }
  const calm = { predictions_per_second: 1, predictions_count_1h: 300, latency_avg_1h: 2000 }
  const records = [
    { endpoint_id: 'busy', ...busy, error_count: 3, drift_status: 'DRIFT_DETECTED' },
    { endpoint_id: 'calm', ...calm, error_count: 4, drift_status: 'POSSIBLE_DRIFT' },
    // As a registration leaves it before the first event.
    { endpoint_id: 'new', model: "it's", current_stats: '', drift_measures: '', drift_status: '' },
  ]
  for (const record of records) await writeRecord(store, { ...record, project: PROJECT })
  const strange = { endpoint_id: 'other', error_count: 9, drift_status: 'DRIFT_DETECTED' }
  await writeRecord(store, { ...busy, ...strange, project: 'other' })
  await store.close()
})
after(folder.remove)

/** By panel. Latency: (100 x 1000 + 300 x 2000) / 400. */
const TOTALS: ReadonlyMap<number, number> = new Map([
  [6, 3],
  [8, 3],
  [10, 1750],
  [12, 7],
  [13, 1],
])

async function checkTotals(
  family: string,
  answer: (panel: Panel) => Promise<readonly Frame[]>,
): Promise<void> {
  const file = resourceFiles().find((one) => one.family === family && one.name === 'overview')
  for (const [id, value] of TOTALS) {
    const panel = file?.dashboard.panels.find((one) => one.id === id)
    assert(panel)
    const expected: Shown = { kind: 'number', value }
    assertSameShown(shownBy(panel, await answer(panel)), expected, `${family}: ${panel.title}`)
  }
}

/** The features and distances of an endpoint that has none: empty, and no error. */
async function checkNothing(
  family: string,
  answer: (panel: Panel) => Promise<readonly Frame[]>,
): Promise<void> {
  const file = resourceFiles().find((one) => one.family === family && one.name === 'details')
  const panels = file?.dashboard.panels.filter(({ id }) => id === 14 || id === 21) ?? []
  assert.equal(panels.length, 2)
  for (const panel of panels) {
    const rows = (await answer(panel)).flatMap((frame) => frame.rows)
    const isEmpty = rows.every((row) => row.every((cell) => cell === null))
    assert(isEmpty, `${family}: ${panel.title}`)
  }
}

test('over the read API', async () => {
  const store = await openEmbedded({ folder: folder.path })
  const api: ReadApi = readApiOf(store, { project: 'elsewhere' })
  const http = async (path: string, body?: object): Promise<unknown> => {
    const [plain = '', query = ''] = path.split('?')
    const fields = Object.fromEntries(new URLSearchParams(query))
    const answer = await ask(api, { path: plain, fields, ...(body === undefined ? {} : { body }) })
    assert.equal(answer.status, 200, answer.text)
    return answer.json
  }
  await checkTotals('mlrun-api', async (panel) => await askJson(panel, choice, http))
  await checkTotals('infinity', async (panel) => await askInfinity(panel, choice, http))
  const fresh = { ...choice, model: 'new' }
  await checkNothing('mlrun-api', async (panel) => await askJson(panel, fresh, http))
  await checkNothing('infinity', async (panel) => await askInfinity(panel, fresh, http))
  await store.close()
})

test('in SQL', async () => {
  const database = new PgliteDatabase({ folder: join(folder.path, 'pglite'), isOurs: () => true })
  const run = async (sql: string) => await database.query(sql)
  await checkTotals('postgres', async (panel) => await askSql(panel, choice, run))
  const fresh = { ...choice, model: 'new' }
  await checkNothing('postgres', async (panel) => await askSql(panel, fresh, run))
  await database.close()
})
