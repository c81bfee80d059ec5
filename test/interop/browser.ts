import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumPath } from './programs.ts'

/** Where screenshots are kept, to be looked at. */
const SCREENSHOTS = '.build/screenshots'
const WAIT_MS_MAX = 20_000

/** How a page is looked at. */
export interface Look {
  readonly width?: number
  readonly height?: number
  readonly colors?: 'light' | 'dark'
  readonly isMotionReduced?: boolean
}

/** A page, with what it has asked for and what the browser says of it. */
export interface Opened {
  readonly page: Page
  /** Addresses of all requests. */
  readonly requests: readonly string[]
  /** Warnings and errors of the console, and what was thrown. */
  readonly complaints: readonly string[]
}

/** Starts Chromium without a window. */
export async function startBrowser(): Promise<Browser> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  // Containers have no namespaces for its sandbox.
  return await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
}

/** Opens a page as somebody with nothing stored does. */
export async function open(
  browser: Browser,
  url: string,
  { width = 1280, height = 860, colors = 'light', isMotionReduced = false }: Look = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: colors,
    reducedMotion: isMotionReduced ? 'reduce' : 'no-preference',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  return { page, requests, complaints }
}

/** Keeps what a page looks like. */
export async function keepScreenshot(page: Page, name: string, isWhole = false): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: isWhole })
}

const AXE = readFileSync(
  createRequire(join(process.cwd(), 'x.js')).resolve('axe-core/axe.min.js'),
  'utf8',
)

/** The page has nothing that axe finds fault with, and nothing that is wider than it. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(AXE)
  const { violations, passes } = (await page.evaluate(
    `axe.run().then(({ violations, passes }) => ({
      passes: passes.length,
      violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]),
    }))`,
  )) as { readonly violations: readonly unknown[]; readonly passes: number }
  assert.deepEqual(violations, [], what)
  assert(passes > 20, what)
  const [wide, width] = (await page.evaluate(
    '[document.documentElement.scrollWidth, innerWidth]',
  )) as readonly [number, number]
  assert(wide <= width, `${what}: ${wide} wide`)
}

/** What the element with the focus is. */
export async function focused(page: Page): Promise<string> {
  return String(
    await page.evaluate(
      `(({ tagName, id, textContent }) => id ? '#' + id : tagName + ' ' + textContent)(document.activeElement)`,
    ),
  )
}
