// Nuclio's wrapper takes each chunk of its socket for an event, and any bytes may be the body of one.
// The bundle makes that safe: large bodies, joined and cut events and bytes that are no event get one
// answer each, are counted, and hurt nothing that comes after them. The laws share one process, because
// its store takes two seconds to open; each counts only what it added itself.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { flush, growthOf } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk } from './parquet-rows.ts'
import { prediction, predictionOfBytes } from './predictions.ts'
import { kafka, post } from './wire-events.ts'

const KIB = 1024
const MIB = 1024 * KIB

const deployment = deploy({ withStore: true })
let nuclio: FunctionProcess

before(async () => {
  const settings = { ...settingsFor(deployment), EVENT_TEXT_CHARS_MAX: '65536' }
  nuclio = await FunctionProcess.start({ deployment, settings })
})

after(() => nuclio.kill())

test('bodies of 30 KB, 200 KB and 4 MB are one event each', async () => {
  const earlier = await flush(nuclio)
  const good = [
    prediction({ requestId: '30-kb', label: 'ö'.repeat(15 * KIB) }),
    predictionOfBytes('200-kb', 200 * KIB),
    predictionOfBytes('4-mb', 4 * MIB),
  ]
  for (const [offset, { body }] of good.entries()) {
    assert.equal((await nuclio.ask(post(body))).status_code, 202)
    const streamed = await nuclio.ask(kafka(body, { offset }))
    assert.deepEqual([streamed.status_code, streamed.body], [200, ''])
  }
  const noJson = Buffer.alloc(4 * MIB, 'no JSON, ')
  const posted = await nuclio.ask(post(noJson))
  assert.deepEqual([posted.status_code, JSON.parse(posted.body).reason], [400, 'not-json'])
  assert.equal((await nuclio.ask(kafka(noJson, { offset: good.length }))).status_code, 200)

  const growth = growthOf(earlier, await flush(nuclio))
  assert.deepEqual(growth, { received: 8, accepted: 6, rejected: 2 })
  await assertOnDisk(
    deployment,
    good.map(({ requestId, rowCount }) => ({ requestId, rowCount: rowCount * 2 })),
  )
})

test('events in one write are events of their own', async () => {
  const joined = [1, 2, 3].map((n) => prediction({ requestId: `joined-${n}` }))
  await nuclio.send(...joined.map(({ body }) => post(body)), post('none'))
  const answers = await nuclio.answersOfLast(4)
  assert.deepEqual(
    answers.map(({ status_code }) => status_code),
    [202, 202, 202, 400],
  )
  await flush(nuclio)
  await assertOnDisk(deployment, joined)
})

test('an event in pieces, cut inside its characters too, is one event', async () => {
  const { requestId, rowCount, body } = prediction({ requestId: 'pieces', rowCount: 20 })
  const pieces = [1, 7, 1_000]
  for (const pieceBytes of pieces) {
    await nuclio.sendInPieces(post(body, { path: '/päth/€/😀' }), pieceBytes)
    const [answer] = await nuclio.answersOfLast(1)
    assert.equal(answer?.status_code, 202)
  }
  await flush(nuclio)
  await assertOnDisk(deployment, [{ requestId, rowCount: rowCount * pieces.length }])
})

/** Bytes that look random and are the same in every run. */
function noise(bytes: number): Buffer {
  const blocks = Array.from({ length: bytes / 32 }, (_, block) =>
    createHash('sha256').update(String(block)).digest(),
  )
  return Buffer.concat(blocks)
}

const GOOD = prediction({ requestId: 'never' }).body

const BAD_BODIES: Readonly<Record<string, string | Uint8Array>> = {
  'no bytes': '',
  blanks: ' \n\t ',
  'random bytes': noise(64),
  'many random bytes': noise(256 * KIB),
  'a zero byte': Uint8Array.of(0),
  newlines: '\n'.repeat(100),
  'a line of the protocol': 'r{"body":"","status_code":200}\n',
  'text that is not UTF-8': Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d),
  'lists in lists': '['.repeat(10_000) + ']'.repeat(10_000),
  'lists in lists without end': '['.repeat(MIB),
  'objects in objects': '{"a":'.repeat(200_000),
  null: 'null',
  'a text': '"text"',
  'a number': '-1e999',
  'a list': '[]',
  'an empty object': '{}',
  'names of wrong types': '{"function_uri": 7, "model": ["iris"]}',
  'names of every object': '{"__proto__": {"model": "m"}, "constructor": 1, "toString": null}',
  'half an event': GOOD.slice(0, GOOD.length / 2),
  'two events': GOOD + GOOD,
  'base64 of an event': Buffer.from(GOOD).toString('base64'),
}

test('bytes that are no event get an answer and a reason, and the next event is taken', async () => {
  const earlier = await flush(nuclio)
  const names = Object.keys(BAD_BODIES)
  for (const [offset, [name, body]] of Object.entries(BAD_BODIES).entries()) {
    const posted = await nuclio.ask(post(body))
    const { outcome, reason } = JSON.parse(posted.body)
    assert.deepEqual([posted.status_code, outcome], [400, 'rejected'], name)
    assert.match(reason, /^[a-z-]+$/, name)
    const streamed = await nuclio.ask(kafka(body, { shard: 1, offset }))
    assert.deepEqual([streamed.status_code, streamed.body], [200, ''], name)
  }
  const next = prediction({ requestId: 'after-bad-ones' })
  assert.equal((await nuclio.ask(post(next.body))).status_code, 202)
  const growth = growthOf(earlier, await flush(nuclio))
  const rejected = names.length * 2
  assert.deepEqual(growth, { received: rejected + 1, accepted: 1, rejected })
  await assertOnDisk(deployment, [next])
})

test('an event that the wrapper itself refuses costs its neighbours nothing', async () => {
  const earlier = await flush(nuclio)
  const neighbours = [1, 2].map((n) => prediction({ requestId: `beside-refused-${n}` }))
  const [first, second] = neighbours.map(({ body }) => post(body))
  assert(first !== undefined && second !== undefined)
  // What a structured cloud event has for a body.
  await nuclio.send(first, { ...first, body: { specversion: '1.0' } }, second)
  const answers = await nuclio.answersOfLast(3)
  assert.deepEqual(
    answers.map(({ status_code }) => status_code),
    [202, 500, 202],
  )
  const growth = growthOf(earlier, await flush(nuclio))
  assert.deepEqual(growth, { received: 2, accepted: 2 })
  await assertOnDisk(deployment, neighbours)
})

test('the wrapper of these tests has the fault: a handler without the repair dies', async () => {
  const bare = join(deployment.code, 'bare.js')
  writeFileSync(bare, 'exports.handler = (context) => context.callback("ok")\n')
  const start = () => FunctionProcess.start({ deployment, settings: {}, module: 'bare' })
  const large = await start()
  await large.send(post(Buffer.alloc(200 * KIB, 'x')))
  const joined = await start()
  assert.equal((await joined.ask(post('one'))).body, 'ok')
  await joined.send(post('one'), post('two'))
  const cut = await start()
  await cut.sendInPieces(post('one'), 1)
  for (const bareProcess of [large, joined, cut]) {
    assert.deepEqual(await bareProcess.ended(), { exitCode: 1, signal: null })
  }
})
