/**
 * One side of the comparison in kv.ts, in a process of its own, because node's HTTP client is compiled
 * for what it has seen: each message is answered with the CPU time of one flush, in microseconds.
 *
 * Workload: the records of 1,000 endpoints that changed, each with 20 feature names, labels and the
 * aggregates of two windows and its version, in writes of 200 as the flusher makes them.
 *
 *     kv-side.mjs sink|bare PORT
 */
import assert from 'node:assert'
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openV3io } from '../lib/store/v3io/open-v3io.ts'
import { recordAttributes } from '../lib/stream/deliver/endpoint-record.ts'
import type { EndpointUpdate, Store } from '../lib/stream/ports.ts'
import { versionAttributes } from '../lib/stream/record-version.ts'
import { CONNECTIONS, ENDPOINTS } from './kv.ts'
import { cpuUsOf, seededRandom } from './support.ts'
import { bodyOf, TrivialStore } from './trivial-store.ts'

const FEATURES = 20
const RECORDS_PER_WRITE = 200
const MINUTES_5_MS = 300_000

/** A request as it came over the wire. */
interface Recorded {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const [side, portText] = process.argv.slice(2)
const port = Number(portText)
const updates = benchUpdates()
const work = side === 'sink' ? flushing() : await bare()

await work() // makes the connections, and writes the table's schema
process.on('message', async () => process.send?.(await cpuUsOf(work)))
process.on('disconnect', () => process.exit())
process.send?.(0)

function flushing(): () => Promise<void> {
  const store = openStore(`http://127.0.0.1:${port}`)
  return () => flush(store)
}

async function bare(): Promise<() => Promise<void>> {
  const requests = await requestsOf()
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  return () => putBare(requests, agent)
}

function openStore(url: string): Store {
  return openV3io({
    api: url,
    framesd: url,
    accessKey: '0123456789abcdef-0123-4567-89ab',
    container: 'projects',
    kvTable: 'bench/model-endpoints/endpoints',
    tsdb: { container: 'projects', table: 'bench/model-endpoints/events' },
    warn: (message, fields) => {
      throw new Error(`${message} ${JSON.stringify(fields)}`)
    },
  })
}

async function flush(store: Store): Promise<void> {
  for (let from = 0; from < updates.length; from += RECORDS_PER_WRITE) {
    const outcome = await store.kv.write(updates.slice(from, from + RECORDS_PER_WRITE))
    assert.deepEqual(outcome, { kind: 'written' })
  }
}

/** Sends all requests, one at a time over each connection, and reads each answer to its end. */
async function putBare(requests: readonly Recorded[], agent: Agent): Promise<void> {
  let next = 0
  async function run(): Promise<void> {
    while (next < requests.length) {
      const sent = requests[next++]
      if (sent !== undefined) await putOne(sent, agent)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, run))
}

function putOne({ body, ...sent }: Recorded, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...sent, hostname: '127.0.0.1', port, agent }, (incoming) => {
      incoming.resume()
      incoming.once('end', resolve)
    })
    request.once('error', reject)
    request.end(body)
  })
}

/** The requests by which the sink writes these records, without those for the table's schema. */
async function requestsOf(): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = []
  const answers = new TrivialStore()
  const server = createServer(async (incoming, response) => {
    const body = await bodyOf(incoming)
    const request = recordedOf(incoming, body)
    if (request.headers['X-v3io-function'] === 'PutItem') recorded.push(request)
    answers.answer(incoming, body, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const store = openStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    await flush(store)
  } finally {
    await store.close()
    server.close()
  }
  assert.equal(recorded.length, updates.length)
  return recorded
}

function recordedOf(incoming: IncomingMessage, body: Buffer): Recorded {
  const { method = '', url = '', rawHeaders } = incoming
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    // These node adds itself.
    if (name !== 'Host' && name !== 'Connection') headers[name] = rawHeaders[index + 1] ?? ''
  }
  return { method, path: url, headers, body: body.toString('utf8') }
}

function benchUpdates(): readonly EndpointUpdate[] {
  const random = seededRandom(ENDPOINTS)
  const features = Array.from({ length: FEATURES }, (_, index) => `feature_${index}`)
  return Array.from({ length: ENDPOINTS }, (_, index) => {
    const endpointId = index.toString(16).padStart(40, '0123456789abcdef')
    const time = `2026-11-02 08:00:00.${String(100_000 + index)}+00:00`
    const windows = [
      { name: '5m', ms: MINUTES_5_MS, count: 10 + Math.floor(random() * 1e3) },
      { name: '1h', ms: 12 * MINUTES_5_MS, count: 1e4 + Math.floor(random() * 1e4) },
    ]
    const attributes = recordAttributes({
      endpointId,
      project: 'bench',
      functionUri: 'bench/serving:v1',
      model: `model-${index}:v1`,
      modelClass: 'SklearnModelServer',
      labels: { framework: 'sklearn', team: 'blue', stage: 'production', revision: index },
      timestamp: time,
      firstRequest: time,
      lastRequest: time,
      errorCount: Math.floor(random() * 10),
      counts: windows,
      latencies: windows.map((window) => ({ ...window, sum: window.count * 2e3 * random() })),
      generatedFeatures: features,
      generatedLabels: ['species'],
    })
    const version = { log: '8e8103b3-768c-4583-8c3e-03caedfa7623', epoch: 3, version: index }
    for (const [name, value] of versionAttributes(version)) attributes.set(name, value)
    return { endpointId, attributes }
  })
}
