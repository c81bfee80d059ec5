// Claim: in a real browser the status page shows the numbers that the command line prints, asks no other host for
// anything, has nothing that the console or axe complains of, wide or narrow, light or dark, is used by
// keyboard alone, and changes while it is looked at. Shown in Chromium on the demo.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { cli, finished, heard, start, temporaryFolder, write } from '../contract/cli-child.ts'
import {
  assertAccessible,
  focused,
  keepScreenshot,
  type Look,
  open,
  startBrowser,
} from './browser.ts'

type Row = Readonly<Record<string, unknown>>

const CANCER = '9b963d03a5b51b647405a697ba9c524642be8bc9'
const folder = temporaryFolder()
let browser: Browser
let url: string
let stop: () => Promise<void>

before(async () => {
  browser = await startBrowser()
  const args = ['run', '--demo', '--data', 'data', '--port', '0']
  const child = start(args, { cwd: folder, env: { KV_BATCHING_TIMEOUT_SECS: '1' } })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
  stop = async () => {
    child.kill('SIGINT')
    await ended
  }
})
after(async () => {
  await browser.close()
  await stop()
})

async function told(command: string, ...args: readonly string[]): Promise<readonly Row[]> {
  const result = await cli([command, '--data', 'data', '--json', ...args], { cwd: folder })
  assert.equal(result.exitCode, 0, result.stderr)
  return JSON.parse(result.stdout)
}

/** A cell's numbers, or its text. */
async function cells(page: Page, id: string): Promise<readonly string[]> {
  return await page.locator(`tr[data-id="${id}"] > *`).allInnerTexts()
}

/** The number of a cell, or of the last line of a figure. */
function number(text: string | undefined): number {
  return Number((text?.split('\n').at(-1) ?? '').replaceAll(/[^\d.]/g, ''))
}

/** As many digits as are shown. */
function assertShown(text: string | undefined, value: unknown, digits: number): void {
  assert.equal(number(text), Number(Number(value).toFixed(digits)), text)
}

test('the numbers are those of the command line, and nobody else is asked', async () => {
  const { page, requests, complaints } = await open(browser, url)
  await page.waitForSelector('tbody .spark .line')
  const records = await told('endpoints')
  assert.equal(records.length, 4)
  for (const record of records) {
    const [name, , rate, count, latency, errors] = await cells(page, String(record['endpoint_id']))
    assert.equal(name?.split('\n')[0], record['model'])
    assertShown(rate, record['predictions_per_second'], 3)
    assertShown(count, record['predictions_count_1h'], 0)
    assertShown(latency, Number(record['latency_avg_1h']) / 1000, 3)
    assertShown(errors, record['error_count'], 0)
  }
  const figures = await page.locator('#figures .figure').allInnerTexts()
  const sum = (of: string) => records.reduce((all, record) => all + Number(record[of]), 0)
  assertShown(figures[1], sum('predictions_per_second'), 2)
  assertShown(figures[2], sum('error_count'), 0)
  const audit = await cli(['audit', '--data', 'data', '--json'], { cwd: folder })
  const { unaccounted } = JSON.parse(audit.stdout) as Row
  assertShown(figures[6], unaccounted, 0)
  assert.match(await page.locator('#pipeline').innerText(), /Received\s+5,001\s+100 %\s+5,001/)
  assert.match(await page.locator('#pipeline').innerText(), /Every row is accounted for/)
  await keepScreenshot(page, 'list', true)

  await page.locator('th a', { hasText: 'cancer:2' }).click()
  await page.waitForSelector('#features .histogram')
  const record = records.find((one) => one['endpoint_id'] === CANCER)
  const shown = await page.locator('#detail-figures .figure').allInnerTexts()
  assertShown(shown[1], record?.['predictions_count_5m'], 0)
  assertShown(shown[4], Number(record?.['latency_avg_1h']) / 1000, 3)
  const { mean_radius: radius } = JSON.parse(String(record?.['drift_measures']))
  const card = page.locator('.feature', { has: page.getByText('mean_radius', { exact: true }) })
  assert.match(await card.innerText(), new RegExp(`TVD\\s+${radius.tvd.toFixed(2)}`))
  assert.match(await card.innerText(), /Up by 1\.4 σ/)
  const series = await told('series', '--endpoint', 'cancer:2', '--metric', 'error_count')
  const errors = page.locator('.chart', { hasText: 'Errors so far' }).locator('.reading')
  assert.equal(await errors.innerText(), String(series.at(-1)?.['value']))
  assert.match(
    await page.locator('#alarms').innerText(),
    /3 features changed since 2026-11-02 09:00/,
  )
  await keepScreenshot(page, 'detail', true)
  await page.goBack()
  await page.waitForSelector('#endpoints')

  assert(requests.length > 8)
  for (const request of requests)
    assert(request.startsWith(`${url}/`) || request.startsWith('data:'))
  assert.deepEqual(complaints, [])
  await page.context().close()
})

for (const [name, look] of Object.entries({
  light: {},
  dark: { colors: 'dark' },
  phone: { width: 360, height: 740 },
  'phone-dark': { width: 360, height: 740, colors: 'dark' },
} satisfies Record<string, Look>)) {
  test(`axe has nothing against the list and an endpoint: ${name}`, async () => {
    // Without motion: a colour that is on its way to another has any contrast.
    const { page, complaints } = await open(browser, url, { ...look, isMotionReduced: true })
    await page.waitForSelector('tbody .spark .line')
    await page.waitForSelector('#pipeline table')
    await assertAccessible(page, `list, ${name}`)
    await keepScreenshot(page, `list-${name}`)
    await page.locator('th a', { hasText: 'cancer:2' }).click()
    await page.waitForSelector('#features .histogram')
    await page.locator('summary').click()
    await assertAccessible(page, `detail, ${name}`)
    await keepScreenshot(page, `detail-${name}`)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
}

test('all is done by keyboard: skip, filter, choose, sort, open and go back', async () => {
  const { page, complaints } = await open(browser, url)
  await page.waitForSelector('tbody .spark .line')
  const press = async (key: string, times = 1) => {
    for (let count = 0; count < times; count++) await page.keyboard.press(key)
    return await focused(page)
  }
  assert.equal(await press('Tab'), '#skip')
  await press('Enter')
  assert.equal(await focused(page), '#main')
  assert.equal(await press('Tab'), '#filter')
  await page.keyboard.type('demo wine')
  assert.equal(await page.locator('#endpoints tbody tr').count(), 1)
  assert.match(page.url(), /#q=demo\+wine$/)
  await press('Backspace', 'demo wine'.length)
  assert.equal(await press('Tab'), 'BUTTON All 4')
  assert.equal(await press('Tab'), 'BUTTON Drifting 1')
  await press('Enter')
  assert.equal(await page.locator('#endpoints tbody tr').count(), 1)
  await press('Shift+Tab')
  await press('Enter')
  const header = page.locator('thead th', { hasText: 'Errors' })
  assert.match(await press('Tab', 3), /^BUTTON Endpoint/)
  assert.match(await press('Tab', 5), /^BUTTON Errors/)
  await press('Enter')
  assert.equal(await header.getAttribute('aria-sort'), 'descending')
  const models = async () => await page.locator('#endpoints tbody th a').allInnerTexts()
  assert.deepEqual(await models(), ['cancer:2', 'iris:v1', 'diabetes:v3', 'wine:latest'])
  assert.match(await press('Enter'), /^BUTTON Errors/)
  assert.equal(await header.getAttribute('aria-sort'), 'ascending')
  assert.deepEqual(await models(), ['wine:latest', 'diabetes:v3', 'iris:v1', 'cancer:2'])
  assert.match(page.url(), /#sort=errors$/)
  // A ring shows where the focus is.
  const ring = 'getComputedStyle(document.activeElement).outlineStyle'
  assert.equal(await page.evaluate(ring), 'solid')
  assert.equal(await press('Tab', 3), 'A wine:latest')
  await press('Enter')
  await page.waitForSelector('#features .histogram')
  assert.equal(await focused(page), '#detail-title')
  assert.match(await page.title(), /^wine:latest/)
  assert.equal(await press('Tab'), 'BUTTON 1 h')
  assert.equal(await press('Tab'), 'BUTTON 6 h')
  await press('Enter')
  assert.match(page.url(), /range=6h/)
  assert.equal(await press('Shift+Tab', 2), '#back')
  await press('Enter')
  assert.equal(await focused(page), '#list-title')
  assert.match(page.url(), /sort=errors/)
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('a link opens what it was made of', async () => {
  const { page } = await open(browser, `${url}/#q=demo&show=errors&sort=model`)
  await page.waitForSelector('#endpoints tbody tr')
  assert.equal(await page.locator('#filter').inputValue(), 'demo')
  const models = await page.locator('#endpoints tbody th a').allInnerTexts()
  assert.deepEqual(models, ['cancer:2', 'diabetes:v3', 'iris:v1', 'wine:latest'])
  await page.goto(`${url}/#endpoint=nothing`)
  await page.waitForSelector('#no-endpoint:not([hidden])')
  await page.context().close()
})

test('the theme is chosen and kept', async () => {
  const { page } = await open(browser, url)
  const ground = 'getComputedStyle(document.body).backgroundColor'
  await page.waitForSelector('#endpoints tbody tr')
  const light = await page.evaluate(ground)
  await page.locator('#theme').click()
  assert.equal(await page.evaluate(ground), light)
  await page.locator('#theme').click()
  const dark = await page.evaluate(ground)
  assert.notEqual(dark, light)
  await page.reload()
  assert.equal(await page.evaluate(ground), dark)
  await page.context().close()
})

/** Waits until something is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 20_000; !(await isSo()); ) {
    assert(Date.now() < endMs, 'It has not become so.')
    await wait(100)
  }
}

/** Predictions of a model that come now. */
async function push(
  model: string,
  { count = 1, uri = 'demo/live', error = '' } = {},
): Promise<void> {
  for (let index = 0; index < count; index++) {
    const event = {
      function_uri: uri,
      model,
      version: 'v1',
      when: new Date().toISOString(),
      microsec: 1000,
      op: 'infer',
      request: { id: `${model}-${index}`, inputs: [[1, 2]] },
      ...(error === '' ? { resp: { outputs: [0] } } : { error }),
    }
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
    assert.equal(answer.status, 202, await answer.text())
  }
}

test('what comes meanwhile is shown without loading anew, and nothing is read while nobody looks', async () => {
  const { page, requests, complaints } = await open(browser, url)
  await page.waitForSelector('#endpoints tbody tr')
  await page.evaluate('window.isSame = true')
  await push('live', { count: 20 })
  const row = page.locator('#endpoints tbody tr', { hasText: 'live:v1' })
  await row.waitFor()
  const count = row.locator('td').nth(2)
  const before = number(await count.innerText())
  assert(before > 0)
  await push('live', { count: 30 })
  await until(async () => number(await count.innerText()) > before)
  assert.equal(await page.evaluate('window.isSame'), true)
  // How long ago something was goes on while nothing else changes.
  const last = row.locator('time')
  const seen = await last.innerText()
  await until(async () => (await last.innerText()) !== seen)

  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { get: () => window.isAway === true, configurable: true })
    window.isAway = true
    document.dispatchEvent(new Event('visibilitychange'))`)
  await page.getByText('Paused').first().waitFor()
  await page.waitForTimeout(500)
  const asked = requests.length
  await page.waitForTimeout(7000)
  assert.equal(requests.length, asked)
  await page.evaluate(
    `window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))`,
  )
  await page.getByText('Live,').waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('of many endpoints fifty are drawn at first, and the filter finds any of them', async () => {
  const models = Array.from({ length: 60 }, (_, index) => `many-${String(index).padStart(2, '0')}`)
  for (const model of models) await push(model)
  const { page } = await open(browser, `${url}/#q=many&sort=model`)
  await until(async () => (await page.locator('#found').innerText()).startsWith('60 of '))
  const rows = page.locator('#endpoints tbody tr')
  assert.equal(await rows.count(), 50)
  await page.getByText('Show 10 more of 10').click()
  assert.equal(await rows.count(), 60)
  await page.locator('#filter').fill('many-59')
  assert.equal(await rows.count(), 1)
  await page.locator('#filter').fill('none of them')
  await page.locator('#clear').click()
  assert.equal(await focused(page), '#filter')
  assert.equal(await rows.count(), 50)
  await page.context().close()
})

test('hostile names stay text', async () => {
  // Without spaces: names of columns have none.
  const evil = '<img/src=x/onerror="window.isHacked=1">'
  await push(evil, { count: 20, uri: `demo/${evil}` })
  const training = write(folder, `"${evil.replaceAll('"', '""')}",</script>\n1,2\n2,3\n3,5\n`)
  const names = ['--function-uri', `demo/${evil}`, '--model', evil, '--model-version', 'v1']
  const args = ['register', '--data', 'data', '--training-set', training, ...names]
  const registered = await cli(args, { cwd: folder })
  assert.equal(registered.exitCode, 0, registered.stderr)
  const { page, requests, complaints } = await open(browser, `${url}/#q=onerror`)
  const link = page.locator('th a', { hasText: evil })
  await link.waitFor()
  await link.click()
  const heading = page.locator('.feature h3', { hasText: evil })
  await heading.waitFor()
  await page.locator('summary').click()
  assert.equal(await page.locator('h1#detail-title').innerText(), `${evil}:v1`)
  assert.equal(await page.locator('main img, main script').count(), 0)
  assert.equal(await page.evaluate('window.isHacked'), undefined)
  assert(!requests.some((request) => request.endsWith('/x')))
  assert.deepEqual(complaints, [])
  await keepScreenshot(page, 'hostile')
  await page.context().close()
})
