import { noAnswerReason, trouble } from './errors.ts'

const WAIT_MS_MAX = 60_000

/** A function that has a store, at a port of this machine. */
export interface FunctionPlace {
  readonly port: number
  readonly pid: number
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
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: json ?? '' }
  try {
    const response = await fetch(`${base}${path}`, {
      ...(json === undefined ? {} : post),
      signal: AbortSignal.timeout(WAIT_MS_MAX),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw trouble(
      `Process ${place.pid} has the store and does not answer at ${base} (${noAnswerReason(error)}): ` +
        'try again in a moment, or stop that process.',
    )
  }
}
