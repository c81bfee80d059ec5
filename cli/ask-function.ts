import { noAnswerReason, trouble } from './errors.ts'

const WAIT_MS_MAX = 60_000

/** A function that has a store, at a port of this machine. */
export interface FunctionPlace {
  readonly port: number
  readonly pid: number
  /** What the settings say to read with; '' for nothing. */
  readonly readKey: string
}

/** Where its paths begin. */
export function baseOf({ port }: FunctionPlace): string {
  return `http://127.0.0.1:${port}`
}

/**
 * Asks a function that has a store.
 *
 * @param json  given by POST; without it by GET
 * @throws CliError when it does not answer
 */
export async function askFunction(
  place: FunctionPlace,
  path: string,
  json?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const base = baseOf(place)
  const { readKey } = place
  const headers = {
    ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(readKey === '' ? {} : { Authorization: `Bearer ${readKey}` }),
  }
  try {
    const response = await fetch(`${base}${path}`, {
      ...(json === undefined ? {} : { method: 'POST', body: json }),
      headers,
      signal: AbortSignal.timeout(WAIT_MS_MAX),
    })
    const { status } = response
    if (status !== 401) return { status, text: await response.text() }
  } catch (error) {
    throw trouble(
      `Process ${place.pid} has the store and does not answer at ${base} (${noAnswerReason(error)}): ` +
        'try again in a moment, or stop that process.',
    )
  }
  throw trouble(
    `The function at ${base} lets nobody read without its key: set READ_TOKEN, or V3IO_ACCESS_KEY, as the ` +
      'function has it.',
  )
}
