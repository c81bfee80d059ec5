// Claim: a part of an event says what that part of the event said: decoded by itself it is the same call, or
// the same row of it. Shown with the recorded events and with batches made of them.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { streamSettings } from '../../../../handler/stream-settings.ts'
import { parseConfig } from '../../../../lib/config/parse.ts'
import { decode } from '../../../../lib/stream/accept/decode.ts'
import { partOfEvent } from '../../../../lib/stream/accept/event-part.ts'

const { bounds } = streamSettings(parseConfig({}))
const AT_US = Date.parse('2031-01-01T00:00:00Z') * 1000
const decoded = (body: Uint8Array) => decode(body, AT_US, bounds)

const recorded = ['2021', '1.12']
  .flatMap((name) =>
    readFileSync(`examples/events-${name}.jsonl`, 'utf8').split('\n').slice(0, 300),
  )
  .filter((line) => line !== '')

test('all of an event is the event itself, byte by byte', () => {
  const body = Buffer.from('no JSON at all')
  assert.equal(partOfEvent(body, { call: null, row: null }), body)
})

test('each call of a batch', () => {
  const events = recorded
    .map((line) => JSON.parse(line))
    .filter((event) => event.request?.inputs && !event.error)
  for (let from = 0; from + 3 < events.length; from += 3) {
    const [base, ...others] = events.slice(from, from + 3)
    const { request: _request, resp: _resp, microsec: _microsec, ...shared } = base
    const values = [base, ...others].map(({ microsec, request, resp }) => [microsec, request, resp])
    const body = Buffer.from(
      JSON.stringify({ ...shared, headers: ['microsec', 'request', 'resp'], values }),
    )
    for (const [call, whole] of decoded(body).entries()) {
      const part = partOfEvent(body, { call, row: null })
      assert(part !== null)
      assert.deepEqual(decoded(part), [{ ...whole, call: null }])
    }
  }
})

test('each row of a call', () => {
  let rowCount = 0
  for (const line of recorded) {
    const body = Buffer.from(line)
    const [whole] = decoded(body)
    // A batch's calls are the test before.
    if (whole?.kind !== 'prediction' || whole.call !== null) continue
    for (const [row, input] of whole.inputs.entries()) {
      const part = partOfEvent(body, { call: null, row })
      const [single] = decoded(part ?? Buffer.alloc(0))
      assert(single?.kind === 'prediction', line)
      assert.deepEqual(single.inputs, [input])
      assert.deepEqual(single.outputs, [whole.outputs[row]])
      assert.deepEqual([single.atUs, single.requestId], [whole.atUs, whole.requestId])
      rowCount++
    }
    assert.equal(partOfEvent(body, { call: null, row: whole.inputs.length }), null)
  }
  assert(rowCount > 500, `${rowCount} rows`)
})

test('where there is no such part', () => {
  const good = recorded[0] ?? ''
  const cases = [
    ['[1]', 0, null],
    ['{', 0, null],
    [good, 0, null],
    ['{"headers":["a"],"values":[[1],[1,2]]}', 1, null],
    ['{"headers":["a"],"values":[[1]]}', 1, null],
    ['{"request":{}}', null, 0],
    ['{"request":{"inputs":[1,2]}}', null, 1],
  ] as const
  for (const [text, call, row] of cases) {
    assert.equal(partOfEvent(Buffer.from(text), { call, row }), null, text)
  }
})
