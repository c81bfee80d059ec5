import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Answer } from './answer.ts'

/** Sends an answer in full. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, headersOf(answer))
  response.end(answer.body)
}

/** Sends an answer up to the middle of its body, or of its head when it has none, and hangs up. */
export function sendCutAnswer(response: ServerResponse, answer: Answer): void {
  const { status, body } = answer
  if (body.length < 2 || response.req.method === 'HEAD') {
    const { socket } = response
    socket?.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-`, () => {
      socket.destroy()
    })
    return
  }
  response.writeHead(status, headersOf(answer))
  response.write(body.subarray(0, body.length >> 1), () => response.destroy())
}

function headersOf({ status, headers, body }: Answer): Record<string, string> {
  // RFC 9110 forbids the length in a 204.
  return status === 204 ? { ...headers } : { ...headers, 'Content-Length': String(body.length) }
}
