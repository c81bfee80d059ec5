// The double gives the answers of a recorded dialogue with a client of the platform: same statuses,
// headers and parsed bodies, in order. Only times, and what is made of them, may differ.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { KEY, send } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

interface Pair {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

const { pairs } = JSON.parse(readFileSync('test/golden/v3io/v3io_http.json', 'utf8')) as {
  readonly pairs: readonly Pair[]
}

let double: V3ioDouble
before(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
})
after(() => double.close())

for (const pair of pairs) {
  test(`golden: ${pair.name}`, async () => {
    const { Host: _, ...headers } = pair.headers
    const { method, path, body, response } = pair
    const answer = await send(double.url, { method, path, headers, body, key: null })
    assert.equal(answer.status, response.status)
    for (const [name, value] of Object.entries(response.headers)) {
      assert.equal(withoutTimes(answer.headers[name.toLowerCase()]), withoutTimes(value), name)
    }
    if (method === 'HEAD') {
      assert.equal(answer.headers['content-length'], String(response.body.length))
      assert.equal(answer.text, '')
    } else {
      assert.deepEqual(parsed(answer.text), parsed(response.body))
    }
  })
}

test('all of the dialogue was recorded, with its functions and statuses', () => {
  const expected = pairs.map(({ method, path, headers, response }) => [
    method,
    path,
    headers['X-v3io-function'] ?? null,
    response.status,
  ])
  const recorded = double.requests.map((request) => [
    request.method,
    request.path,
    request.function,
    request.status,
  ])
  assert(expected.length > 20)
  assert.deepEqual(recorded, expected)
})

function parsed(body: string): unknown {
  return /^[[{]/.test(body) ? JSON.parse(body) : withoutTimes(body)
}

function withoutTimes(text: unknown): string {
  return String(text)
    .replace(/secs==\d+/g, 'secs==N')
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/, 'DATE')
    .replace(/^"\d+"$/, 'ETAG')
    .replace(/<LastModified>[\dT:-]+Z</g, '<LastModified>TIME<')
}
