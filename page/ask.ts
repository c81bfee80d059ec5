import type { Answer } from './feeds.ts'
import { isRow, rowIn, textIn } from './fields.ts'

const WAIT_MS_MAX = 15_000
const KEY_NAME = 'model-monitoring-key'

/** The key to read with, kept for this tab as long as it is open; '' for none. */
export function storedKey(): string {
  return sessionStorage.getItem(KEY_NAME) ?? ''
}

/** Keeps a key, or with '' forgets it. */
export function storeKey(key: string): void {
  if (key === '') sessionStorage.removeItem(KEY_NAME)
  else sessionStorage.setItem(KEY_NAME, key)
}

/** Whether a key can be sent as a header. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

/** Asks the function that has served this page. */
export async function ask(path: string): Promise<Answer> {
  const key = storedKey()
  try {
    const response = await fetch(path, {
      headers: { Accept: 'application/json', ...(key === '' ? {} : { 'X-V3io-Session-Key': key }) },
      signal: AbortSignal.timeout(WAIT_MS_MAX),
      redirect: 'error',
    })
    const text = await response.text()
    if (response.ok) return isJson(text) ? { kind: 'found', text } : NO_JSON
    const message = messageOf(text) ?? `The function answers with status ${response.status}.`
    if (response.status === 401) return { kind: 'no-key', message }
    return { kind: 'refused', message }
  } catch (error) {
    return { kind: 'no-answer', message: troubleText(error) }
  }
}

const NO_JSON: Answer = {
  kind: 'refused',
  message: 'Something else than the function answers here.',
}

function isJson(text: string): boolean {
  return jsonOf(text) !== undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What the function says of a refusal. */
function messageOf(text: string): string | null {
  const json = jsonOf(text)
  return isRow(json) ? (textIn(json, 'message') ?? textIn(rowIn(json, 'detail'), 'reason')) : null
}

function troubleText(error: unknown): string {
  const isLate = error instanceof DOMException && error.name === 'TimeoutError'
  return isLate ? 'The function takes too long to answer.' : 'The function does not answer.'
}
