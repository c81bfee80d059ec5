// Plays Nuclio's wrapper.js (1.7.7 to 1.14.1) for the contract tests: node FILE SOCKET HANDLER FUNCTION.
// Written from notes on the observed wire alone and with nothing of ours, so that a misunderstanding of
// our own cannot hide on both sides. It has the original's faults: a chunk of the socket is taken for an
// event, init is not awaited, a callback names no event, the logger needs a socket.
'use strict'
const { EventEmitter } = require('node:events')
const { Socket } = require('node:net')

const EXPORT_ATTEMPTS = 40
const EXPORT_RETRY_MS = 250

const emitter = new EventEmitter()

function Response(body = null, headers = {}, contentType = 'text/plain', statusCode = 200) {
  this.body = body
  this.headers = headers
  this.content_type = contentType
  this.status_code = statusCode
}

function log(level, message, fields = {}) {
  const line = { datetime: new Date().toISOString(), level, message, with: fields }
  context._socket.write(`l${JSON.stringify(line)}\n`)
}

const context = {
  userData: {},
  callback: async (output) => {
    emitter.emit('callback', output)
  },
  Response,
  logger: {
    debug: (message) => log('debug', message),
    info: (message) => log('info', message),
    warn: (message) => log('warning', message),
    error: (message) => log('error', message),
    debugWith: (message, fields) => log('debug', message, fields),
    infoWith: (message, fields) => log('info', message, fields),
    warnWith: (message, fields) => log('warning', message, fields),
    errorWith: (message, fields) => log('error', message, fields),
  },
  _socket: undefined,
  _eventEmitter: emitter,
}

function write(mark, value) {
  context._socket.write(`${mark}${JSON.stringify(value)}\n`)
}

function asText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What a callback's value becomes on the wire; throws what JSON.stringify throws. */
function toResponse(output) {
  const response = {
    body: '',
    content_type: 'text/plain',
    headers: {},
    status_code: 200,
    body_encoding: 'text',
  }
  if (typeof output === 'string') return { ...response, body: output }
  if (Buffer.isBuffer(output)) {
    return { ...response, body: output.toString('base64'), body_encoding: 'base64' }
  }
  if (output instanceof Response) {
    const { body, content_type, headers, status_code } = output
    return { ...response, body: asText(body), content_type, headers, status_code }
  }
  if (Array.isArray(output) && typeof output[0] === 'number') {
    return { ...response, body: asText(output[1]), status_code: output[0] }
  }
  return { ...response, body: asText(output), content_type: 'application/json' }
}

async function handleEvent(handle, event) {
  try {
    event.body = Buffer.from(event.body, 'base64')
    event.timestamp = new Date(event.timestamp * 1000)
    const startedMs = Date.now()
    const answered = new Promise((resolve) => emitter.once('callback', resolve))
    handle(context, event)
    const output = await answered
    write('m', { duration: (Date.now() - startedMs) / 1000 || 1e-11 })
    write('r', toResponse(output))
  } catch (error) {
    const body = `Error in handler: ${error}`
    write('r', { ...toResponse(body), status_code: 500 })
  }
}

async function findExport(loaded, name) {
  for (let attempt = 0; attempt < EXPORT_ATTEMPTS; attempt++) {
    if (typeof loaded[name] === 'function') return loaded[name]
    await new Promise((resolve) => setTimeout(resolve, EXPORT_RETRY_MS))
  }
  console.error(`${name} is not exported.`)
  return process.exit(1)
}

async function run([socketPath, file, name]) {
  const loaded = require(file)
  const handle = await findExport(loaded, name)
  // Neither awaited nor caught: a throw or a rejection ends the process with exit code 1.
  if (typeof loaded.initContext === 'function') loaded.initContext(context)
  const socket = new Socket()
  context._socket = socket
  socket.connect(socketPath)
  socket.on('ready', () => socket.write('s\n'))
  // One chunk, one event: what JSON.parse throws is nobody's to catch.
  socket.on('data', async (chunk) => handleEvent(handle, JSON.parse(chunk)))
}

run(process.argv.slice(2))
