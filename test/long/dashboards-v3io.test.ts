// Claim: the dashboards of the JSON data sources show the same of the demo when its tables are V3IO's: what a slow
// computation comes to. Shown on strict stand-ins of the web API and of framesd.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { temporaryFolder } from '../contract/cli-child.ts'
import { askInfinity, askJson, spanMs } from '../support/dashboards/ask-panel.ts'
import { DemoExpected } from '../support/dashboards/demo-expected.ts'
import {
  CHOICE,
  checkFamily,
  type DemoRun,
  PANELS,
  runDemo,
  STEPPED,
} from '../support/dashboards/demo-run.ts'
import { ACCESS_KEY, startV3ioDoubles, type V3ioDoubles } from '../support/v3io-doubles.ts'

const INFINITY_POINTS = 500
const demo = new DemoExpected()
let doubles: V3ioDoubles
let run: DemoRun

before(async () => {
  doubles = await startV3ioDoubles()
  const env = {
    STORE_URL: 'v3io',
    V3IO_API: doubles.v3io.url,
    V3IO_FRAMESD: doubles.framesd.url,
    V3IO_ACCESS_KEY: ACCESS_KEY,
    READ_AUTH: 'none',
  }
  run = await runDemo(demo, { data: join(temporaryFolder(), 'data'), env })
})
after(async () => {
  await run?.stop()
  await doubles?.close()
})

/** framesd takes letters, digits and _ in names; docs/deviations.md has the rule for others. */
function storedName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
  const hash = createHash('sha1').update(name).digest('hex').slice(0, 8)
  return plain === name ? name : `${plain}_${hash}`
}

test('mlrun-api on V3IO: each panel shows what is slowly computed', async () => {
  const count = await checkFamily(
    'mlrun-api',
    { demo, facts: run.facts },
    {
      ask: async (panel, choice) => await askJson(panel, choice, run.ask),
      spanOf: () => spanMs(CHOICE, CHOICE.pointsMax),
      storedName,
    },
  )
  assert.equal(count, PANELS)
})

test('infinity on V3IO: each panel shows what is slowly computed', async () => {
  const count = await checkFamily(
    'infinity',
    { demo, facts: run.facts },
    {
      ask: async (panel, choice) => await askInfinity(panel, choice, run.ask),
      spanOf: (key) => (STEPPED.test(key) ? null : spanMs(CHOICE, INFINITY_POINTS)),
      storedName,
    },
  )
  assert.equal(count, PANELS)
})
