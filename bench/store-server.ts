/**
 * The other end of a store's connections, in a process of its own so that neither its CPU nor its
 * memory counts (see TrivialStore). It answers a millisecond after a request, as a platform that writes to
 * disks would. On the message `hang` it goes on to take requests and answers none. Each message is
 * answered with a `Report`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf, TrivialStore } from './trivial-store.ts'

/** What the server has seen. */
export interface Report {
  readonly port: number
  /** Connections that are open. */
  readonly connectionCount: number
  /** Most requests that were begun and not answered, at any one moment. */
  readonly requestsMost: number
  readonly requestCount: number
}

/**
 * With an answer at once, whichever client takes longer lets the server fall asleep between requests and
 * pays for waking it with each one, so that every microsecond of its own would be counted twice.
 */
const ANSWER_MS = 1
const store = new TrivialStore()
let isHanging = false
let underWay = 0
let requestsMost = 0
let requestCount = 0
let connectionCount = 0

const server = createServer(async (request, response) => {
  requestCount++
  requestsMost = Math.max(requestsMost, ++underWay)
  response.once('close', () => underWay--)
  const body = await bodyOf(request)
  if (!isHanging) setTimeout(() => store.answer(request, body, response), ANSWER_MS)
})
server.on('connection', (socket) => {
  connectionCount++
  socket.once('close', () => connectionCount--)
})
server.keepAliveTimeout = 0 // a connection is kept for as long as its client wants
server.listen(0, '127.0.0.1', report)

process.on('message', (message) => {
  if (message === 'hang') isHanging = true
  report()
})
process.on('disconnect', () => process.exit())

function report(): void {
  const { port } = server.address() as AddressInfo
  process.send?.({ port, connectionCount, requestsMost, requestCount } satisfies Report)
}
