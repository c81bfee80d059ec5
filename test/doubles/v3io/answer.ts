import type { Refusal } from './refusal.ts'

/** What goes back to the client. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const NOTHING = Buffer.alloc(0)

/** An answer without a body. */
export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body: NOTHING }
}

/** 200 with a JSON body. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: 200,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  }
}

/** 200 with an XML body. */
export function xmlAnswer(root: string): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: Buffer.from(`<?xml version="1.0" encoding="utf-8"?>${root}`),
  }
}

/** The answer that tells a client why its request was not carried out. */
export function refusalAnswer({ status, body }: Refusal): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(body, null, '\t')),
  }
}
