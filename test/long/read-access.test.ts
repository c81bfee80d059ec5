// Claim: where the function has a key, over its HTTP only who sends it reads or registers, events go on to be taken
// from everybody, and the command line beside it sends the key of its settings; a client that is slow, or sends
// what no server takes, holds up nobody else. Shown on the built function under the local runner.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  cli,
  events,
  finished,
  heard,
  start,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'

const TOKEN = 'token-of-this-test'
const PROXY = '/api/grafana-proxy/model-endpoints'
const folder = temporaryFolder()
const sockets: Socket[] = []
let url: string
let stop: () => Promise<void>

before(async () => {
  const input = write(folder, events(30))
  const args = ['run', '--data', 'data', '--input', input, '--port', '0']
  const child = start(args, { cwd: folder, env: { READ_TOKEN: TOKEN } })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
  stop = async () => {
    child.kill('SIGINT')
    const { stderr } = await ended
    assert.doesNotMatch(stderr, new RegExp(TOKEN))
  }
})
after(async () => {
  for (const socket of sockets) socket.destroy()
  await stop()
})

async function statusOf(path: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(`${url}${path}`, init)
  assert.doesNotMatch(await response.text(), new RegExp(TOKEN))
  return response.status
}

const withKey = { headers: { Authorization: `Bearer ${TOKEN}` } }

test('reading and registering need the key, events and health do not', async () => {
  for (const path of ['/status', '/metrics', '/api/endpoints', '/api/series', `${PROXY}/`]) {
    const without = await statusOf(path)
    assert.equal(without, path.startsWith(PROXY) ? 400 : 401, path)
    assert.equal(await statusOf(path, { headers: { 'X-V3io-Session-Key': 'other' } }), 401, path)
    assert.equal(await statusOf(path, withKey), 200, path)
  }
  const body = '{}'
  assert.equal(await statusOf('/api/register', { method: 'POST', body }), 401)
  assert.equal(await statusOf('/api/register', { ...withKey, method: 'POST', body }), 400)
  const [event = ''] = events(1).split('\n')
  assert.equal(await statusOf('/', { method: 'POST', body: event }), 202)
  assert.equal(await statusOf('/healthz'), 200)
})

test('what was played is read: by a data source, as flat objects and as metrics', async () => {
  const projects = await fetch(`${url}${PROXY}/search`, {
    ...withKey,
    method: 'POST',
    body: '{"target":"target_endpoint=list_projects"}',
  })
  const [first, ...others] = (await projects.json()) as readonly string[]
  const endpoints = await (await fetch(`${url}/api/endpoints`, withKey)).json()
  const [endpoint] = endpoints as readonly Record<string, unknown>[]
  assert([first, ...others].includes(String(endpoint?.['project'])))
  assert.equal(typeof endpoint?.['last_request'], 'number')
  const metrics = await fetch(`${url}/metrics`, withKey)
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await metrics.text()
  assert.match(text, /^mlrun_model_monitoring_events_total\{outcome="accepted"\} 3[01]$/m)
  assert.match(text, new RegExp(`endpoint_id="${endpoint?.['endpoint_id']}"`))
})

test('the command line reads and registers beside it with the key of its settings', async () => {
  const at = { cwd: folder, env: { READ_TOKEN: TOKEN } }
  const listed = await cli(['endpoints', '--data', 'data', '--json'], at)
  assert.equal(listed.exitCode, 0, listed.stderr)
  const [record] = JSON.parse(listed.stdout) as readonly Record<string, unknown>[]
  assert.equal(typeof record?.['last_request'], 'string')
  const series = await cli(['series', '--data', 'data', '--json', '--limit', '1'], at)
  const [point] = JSON.parse(series.stdout) as readonly Record<string, unknown>[]
  assert.match(String(point?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  const training = join(process.cwd(), 'examples/train-iris.csv')
  const which = ['--function-uri', 'demo/x', '--model', 'm', '--label-column', 'label']
  const args = ['register', '--training-set', training, ...which, '--data', 'data', '--json']
  assert.equal((await cli(args, at)).exitCode, 0)

  for (const READ_TOKEN of ['', 'wrong']) {
    const refused = await cli(['endpoints', '--data', 'data'], { cwd: folder, env: { READ_TOKEN } })
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stderr, /^The function at .* lets nobody read without its key: set READ_T/)
  }
})

test('slow clients and broken requests hold up nobody', async () => {
  const { port } = new URL(url)
  const open = (text: string): Socket => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
    socket.on('error', () => undefined) // the server may hang up on it
    sockets.push(socket)
    return socket
  }
  const head = `POST ${PROXY}/query HTTP/1.1\r\nHost: x\r\nX-V3io-Session-Key: ${TOKEN}\r\n`
  for (let count = 0; count < 50; count++) {
    open(`${head}Content-Length: 1000\r\n\r\n{`)
    open('GET /status HTTP/1.1\r\nHost: x\r\nA: ')
  }
  for (const broken of [
    'GET /status\x00 HTTP/1.1\r\n\r\n',
    `${head}Content-Length: -1\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `${head}Content-Length: 99999999999\r\n\r\n`,
    '\x16\x03\x01\x00',
  ]) {
    open(broken)
  }
  const startedAt = performance.now()
  for (let turn = 0; turn < 20; turn++) {
    assert.equal(await statusOf('/api/endpoints', withKey), 200)
  }
  // Each some milliseconds; a client that holds the worker would hold it for minutes.
  assert(performance.now() - startedAt < 20_000)
})
