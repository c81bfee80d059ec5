// Claim: the page that is built asks no other host for anything, and its policy lets exactly its own script and style
// run; the function serves it, with a key configured too. Shown on dist/ and the built function.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { events, finished, heard, start, temporaryFolder, write } from '../contract/cli-child.ts'

const folder = temporaryFolder()
const built = JSON.parse(readFileSync('dist/status-page.json', 'utf8')) as {
  readonly html: string
  readonly policy: string
  readonly etag: string
}
let url: string
let stop: () => Promise<void>

before(async () => {
  const input = write(folder, events(3))
  const args = ['run', '--data', 'data', '--input', input, '--port', '0']
  const child = start(args, { cwd: folder, env: { READ_TOKEN: 'a-key' } })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  assert.match(told, /until Ctrl-C: open it in a browser to see the endpoints\.\n/)
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
  stop = async () => {
    child.kill('SIGINT')
    await ended
  }
})
after(async () => await stop())

function inside(tag: string): string {
  const [, text, ...others] = built.html.split(new RegExp(`<${tag}>|</${tag}>`))
  // One before, itself, one after: there is no second of them.
  assert.equal(others.length, 1, tag)
  assert(text !== undefined && text.length > 1000)
  return text
}

test('the policy has the hashes of the script and the style, and nothing that weakens it', () => {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const rules = new Map(built.policy.split('; ').map((rule) => [rule.split(' ')[0], rule]))
  assert.equal(rules.get('script-src'), `script-src ${hash(inside('script'))}`)
  assert.equal(rules.get('style-src'), `style-src ${hash(inside('style'))}`)
  assert.equal(rules.get('default-src'), "default-src 'none'")
  assert.equal(rules.get('connect-src'), "connect-src 'self'")
  assert.equal(rules.get('frame-ancestors'), "frame-ancestors 'none'")
  assert.equal(rules.get('require-trusted-types-for'), "require-trusted-types-for 'script'")
  assert.doesNotMatch(built.policy, /unsafe|\*|https?:/)
})

test('the page names no other host and makes no markup of texts', () => {
  const addresses = built.html.match(/https?:\/\/[^'"`\s)]+/g) ?? []
  assert.deepEqual([...new Set(addresses)], ['http://www.w3.org/2000/svg'])
  assert.doesNotMatch(
    inside('script'),
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/,
  )
  assert.doesNotMatch(built.html, / on\w+="| style="/)
  // Small enough to be had over any line.
  assert(built.html.length < 100_000, `${built.html.length} characters`)
})

test('the function serves it, without its key', async () => {
  const headers = { Accept: 'text/html' }
  const page = await fetch(`${url}/`, { headers })
  assert.equal(page.status, 200)
  assert.equal(await page.text(), built.html)
  assert.equal(page.headers.get('content-security-policy'), built.policy)
  const again = await fetch(`${url}/`, { headers: { ...headers, 'If-None-Match': built.etag } })
  assert.equal(again.status, 304)
  const head = await fetch(`${url}/`, { method: 'HEAD', headers })
  assert.deepEqual([head.status, head.headers.get('etag')], [200, built.etag])
  assert.match(await (await fetch(`${url}/`)).text(), /^Model monitoring stream\.\n/)
  assert.equal((await fetch(`${url}/status`, { headers })).status, 401)
})
