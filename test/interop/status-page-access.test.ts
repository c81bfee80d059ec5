// Claim: where the function has a key the page asks for it, keeps it for its tab and sends it as a header, never in an
// address; without an endpoint it says what to do; where the function stops it says so, and goes on when
// there is one again. Shown in Chromium on a function that is stopped and started.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { events, finished, heard, start, temporaryFolder } from '../contract/cli-child.ts'
import { assertAccessible, focused, keepScreenshot, open, startBrowser } from './browser.ts'

const KEY = 'key-of-this-test'
const folder = temporaryFolder()
let browser: Browser
let port = 0
let stop: () => Promise<void>

async function startFunction(): Promise<void> {
  const args = ['run', '--data', 'data', '--port', String(port)]
  const child = start(args, {
    cwd: folder,
    env: { READ_TOKEN: KEY, KV_BATCHING_TIMEOUT_SECS: '1' },
  })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  port = Number(/:(\d+)/.exec(told)?.[1])
  stop = async () => {
    child.kill('SIGINT')
    await ended
  }
}

before(async () => {
  browser = await startBrowser()
  await startFunction()
})
after(async () => {
  await browser.close()
  await stop()
})

test('key, empty state, a stop and a new start', async () => {
  const url = `http://127.0.0.1:${port}`
  const { page, requests, complaints } = await open(browser, `${url}/`)
  await page.waitForSelector('#key-form:not([hidden])')
  assert.equal(await focused(page), '#key')
  assert.match(await page.locator('#key-message').innerText(), /^Without it nothing is shown/)
  await assertAccessible(page, 'key')
  await keepScreenshot(page, 'key')
  await page.waitForTimeout(3500)
  const asked = requests.filter((request) => !request.startsWith('data:')).length
  assert.equal(asked, 2, 'the page, one refused read, and nothing more')

  await page.locator('#key').fill('another key')
  await page.keyboard.press('Enter')
  assert.match(await page.locator('#key-message').innerText(), /no spaces/)
  await page.locator('#key').fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('That key may not read here.').waitFor()
  await page.locator('#key').fill(KEY)
  await page.keyboard.press('Enter')

  await page.getByText('No endpoint yet').waitFor()
  assert.equal(await page.locator('#key-form').isVisible(), false)
  assert.equal(await page.locator('#key').inputValue(), '')
  assert.match(await page.locator('#example').innerText(), new RegExp(`^curl ${url}/ --data '{`))
  await page.waitForSelector('#pipeline table')
  await assertAccessible(page, 'empty')
  await keepScreenshot(page, 'empty')
  assert(!requests.some((request) => request.includes(KEY)))
  assert.equal(await page.evaluate('sessionStorage.getItem("model-monitoring-key")'), KEY)
  assert.equal(await page.evaluate('localStorage.length + document.cookie.length'), 0)

  for (const line of events(20).trim().split('\n')) {
    await fetch(url, { method: 'POST', body: line })
  }
  await page.locator('th a', { hasText: 'iris:v1' }).waitFor()

  await page.evaluate('window.isSame = true')
  await stop()
  await page.getByText('The function does not answer. Trying again.').waitFor()
  assert.equal(await page.locator('#standing').innerText(), '◆No answer')
  assert.equal(await page.locator('#live').innerText(), 'The function does not answer.')
  // What was known stays, and is said to be old.
  assert.equal(await page.locator('#endpoints tbody tr').count(), 1)
  assert.match(await page.locator('#trouble').innerText(), /What is shown is of 20\d\d-/)
  await assertAccessible(page, 'stopped')
  await keepScreenshot(page, 'stopped')
  await startFunction()
  await page.getByText('Live,').waitFor()
  assert.equal(await page.locator('#trouble').isVisible(), false)
  assert.equal(await page.evaluate('window.isSame'), true)

  await page.locator('#forget').click()
  await page.waitForSelector('#key-form:not([hidden])')
  // The browser itself tells of answers that are no good; the page has no complaints of its own.
  assert.deepEqual(
    complaints.filter((one) => !one.startsWith('Failed to load resource')),
    [],
  )
  await page.context().close()
})
