// The recorded dialogues of the real processor and wrapper, played to our wrapper: without this
// package's guards it answers byte for byte what the real one answered, its faults included; with
// them the answers differ only where a guard is the reason.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { buildFixtures, goldenPath } from './support/fixtures.ts'
import { startProcessor } from './support/processor.ts'

interface Recorded {
  readonly scenario: string
  readonly kind: 'start' | 'event' | 'metric' | 'response' | 'log'
  readonly raw: string
}

const recorded: readonly Recorded[] = readFileSync(goldenPath('nuclio_wire.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

let fixtures: Awaited<ReturnType<typeof buildFixtures>>
before(async () => {
  fixtures = await buildFixtures()
})

interface Exchange {
  readonly event: string
  readonly response: string
  readonly hasMetric: boolean
}

function recordedExchanges(scenario: string): Exchange[] {
  const exchanges: Exchange[] = []
  let event = ''
  let hasMetric = false
  for (const line of recorded.filter((each) => each.scenario === scenario)) {
    if (line.kind === 'event') event = line.raw
    if (line.kind === 'event') hasMetric = false
    if (line.kind === 'metric') hasMetric = true
    if (line.kind === 'response') exchanges.push({ event, response: line.raw, hasMetric })
  }
  return exchanges
}

function logTexts(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.startsWith('l'))
    .map((line) => {
      const { level, message, with: fields } = JSON.parse(line.slice(1))
      return JSON.stringify({ level, message, fields })
    })
}

/** Plays a scenario's events one after the other. */
async function play(file: string, scenario: string) {
  const processor = await startProcessor({ wrapper: fixtures.wrapper, file })
  const exchanges: Exchange[] = []
  for (const { event } of recordedExchanges(scenario)) {
    const passedBefore = processor.passed.length
    processor.socket.write(`${event}\n`)
    const response = await processor.nextOf('r')
    const hasMetric = processor.passed.slice(passedBefore).some((line) => line.startsWith('m'))
    exchanges.push({ event, response, hasMetric })
  }
  await processor.stop()
  return { exchanges, logs: logTexts(processor.passed) }
}

/** Stack traces name files and lines that are ours. */
function withoutStack({ response, hasMetric }: Exchange) {
  return { response: response.replace(/\\n {4}at .*(?=","content_type)/, ''), hasMetric }
}

function instructionOf(event: string): string {
  const { body } = JSON.parse(event)
  if (typeof body !== 'string') return 'cloud event'
  try {
    const { do: verb, n } = JSON.parse(Buffer.from(body, 'base64').toString())
    return `${verb ?? 'plain'} ${n ?? ''}`
  } catch {
    return 'plain'
  }
}

for (const scenario of ['http-trigger', 'kafka-cluster+cron']) {
  test(`without guards our wrapper repeats the recording: ${scenario}`, async () => {
    const { exchanges, logs } = await play(fixtures.bareProbe, scenario)
    assert.deepEqual(exchanges.map(withoutStack), recordedExchanges(scenario).map(withoutStack))
    const recordedLogs = logTexts(
      recorded.filter((line) => line.scenario === scenario).map((line) => line.raw),
    )
    assert.deepEqual(logs, recordedLogs)
  })

  test(`with guards the answers differ only where a guard is the reason: ${scenario}`, async () => {
    const { exchanges, logs } = await play(fixtures.guardedProbe, scenario)
    const before = recordedExchanges(scenario)
    const failed =
      'r{"body":"The handler failed; its log says why.","content_type":"text/plain","headers":{},' +
      '"status_code":500,"body_encoding":"text"}'
    for (const [index, exchange] of exchanges.entries()) {
      const expected = before[index]
      assert(expected !== undefined)
      const instruction = instructionOf(exchange.event)
      if (/^(throw|circ)/.test(instruction)) {
        assert.deepEqual([exchange.response, exchange.hasMetric], [failed, true])
      } else if (instruction === 'slow B') {
        // Recorded: 'LATE from A', the second callback of the event before.
        assert.match(expected.response, /"LATE from A"/)
        assert.match(exchange.response, /"body":"ok B"/)
      } else assert.deepEqual(withoutStack(exchange), withoutStack(expected))
    }
    const dropped = logs.filter((line) => line.includes('A second or late callback was dropped.'))
    assert.equal(dropped.length > 0, scenario === 'http-trigger')
  })
}
