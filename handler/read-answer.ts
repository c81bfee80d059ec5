import { type Answer, respond } from 'nuclio-sdk-ts'
import type { Refusal } from '../lib/read/found.ts'
import { textRepr } from '../lib/read/python-repr.ts'

/** On every answer but the page: nothing of it is a page, is run, is framed, or is kept by anybody. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const

/** The status page as it was built. */
export interface StatusPage {
  readonly html: string
  /** Lets its own script and style run, by their hashes, and nothing else. */
  readonly policy: string
  /** Changes with the page. */
  readonly etag: string
}

/** Names of mistakes as MLRun's clients know them, by status. */
const MISTAKES: Readonly<Record<number, string>> = {
  400: 'MLRunBadRequestError',
  401: 'MLRunUnauthorizedError',
  404: 'MLRunNotFoundError',
  413: 'MLRunBadRequestError',
  503: 'MLRunServiceUnavailableError',
}

/** What was asked for, as JSON. */
export function answerJson(body: object): Answer {
  return respond({ headers: HEADERS, body })
}

/** What was asked for, as text. */
export function answerText(body: string, contentType = 'text/plain; charset=utf-8'): Answer {
  return respond({ headers: HEADERS, body, contentType })
}

/** The status page, or 304 for a browser that has it; it may keep it, but asks each time. */
export function answerPage({ html, policy, etag }: StatusPage, known = ''): Answer {
  const headers = {
    ...HEADERS,
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-cache',
    ETag: etag,
    Vary: 'Accept',
  }
  const isKnown = known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
  return isKnown
    ? respond({ status: 304, headers, contentType: HTML })
    : respond({ headers, body: html, contentType: HTML })
}

const HTML = 'text/html; charset=utf-8'

/**
 * Why there is no answer, for both who read it: `message` is what Grafana shows, `detail` what MLRun's clients
 * expect.
 */
export function answerRefusal({
  status,
  message,
  headers = {},
}: {
  readonly status: Refusal['status'] | 401 | 413 | 503
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}): Answer {
  const reason = `${MISTAKES[status]}(${textRepr(message)})`
  return respond({
    status,
    headers: { ...HEADERS, ...headers },
    body: { detail: { reason }, message },
  })
}
