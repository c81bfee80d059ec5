import { createHash, timingSafeEqual } from 'node:crypto'
import { type NuclioEvent, readHeader } from 'nuclio-sdk-ts'
import type { Config } from '../lib/config/fields.ts'

/** Who may read: everybody, whoever has any key, or whoever has this one. */
export type ReadAccess =
  | { readonly kind: 'none' }
  | { readonly kind: 'required' }
  | { readonly kind: 'token'; readonly digest: Buffer }

/** What a request is allowed. */
export type Permission = 'granted' | 'no-key' | 'wrong-key'

/** What the settings say; READ_TOKEN goes before V3IO_ACCESS_KEY. */
export function readAccessOf({
  readAuth,
  readToken,
  v3ioAccessKey,
}: Pick<Config, 'readAuth' | 'readToken' | 'v3ioAccessKey'>): ReadAccess {
  const token = readToken || v3ioAccessKey
  if (readAuth === 'required') return { kind: 'required' }
  if (readAuth === 'none' || token === '') return { kind: 'none' }
  return { kind: 'token', digest: digestOf(token) }
}

/** Whether the request's key is one that may read; takes as long whatever is wrong with it. */
export function permissionOf(event: NuclioEvent, access: ReadAccess): Permission {
  if (access.kind === 'none') return 'granted'
  const keys = keysOf(event)
  if (keys.length === 0) return 'no-key'
  if (access.kind === 'required') return 'granted'
  const isRight = keys.some((key) => timingSafeEqual(digestOf(key), access.digest))
  return isRight ? 'granted' : 'wrong-key'
}

/** Digests have one length, so a comparison tells nothing of how long a key is. */
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * The keys that a request has: of MLRun's clients `X-V3io-Session-Key`, of Prometheus and others a bearer
 * token, of framesd's the password of Basic, of a browser on Iguazio the cookie `session=j:{"sid": "..."}`.
 */
function keysOf(event: NuclioEvent): readonly string[] {
  const authorization = readHeader(event, 'Authorization') ?? ''
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+) *$/.exec(authorization) ?? []
  const keys = [
    readHeader(event, 'X-V3io-Session-Key') ?? '',
    scheme.toLowerCase() === 'bearer' ? credentials : '',
    scheme.toLowerCase() === 'basic' ? passwordOf(credentials) : '',
    sessionOf(readHeader(event, 'Cookie') ?? ''),
  ]
  return keys.map((key) => key.trim()).filter((key) => key !== '')
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? '' : text.slice(colon + 1)
}

function sessionOf(cookie: string): string {
  const [, given = ''] = /(?:^|;\s*)session=([^;]*)/.exec(cookie) ?? []
  const [, id = ''] = /^j:\s*\{\s*"sid"\s*:\s*"([^"\\]*)"/.exec(unescaped(given)) ?? []
  return id
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    // A stray percent sign: then nothing is escaped in it.
    if (error instanceof URIError) return text
    throw error
  }
}
