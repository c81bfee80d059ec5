import {
  claimOf,
  type JsonClaim,
  type JsonLedgerLine,
  ledgerEntryOf,
} from '../lib/audit/json-lines.ts'
import { isJsonObject } from '../lib/stream/accept/event.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import type { SeriesQuery } from '../lib/stream/ports.ts'
import { askFunction, baseOf, type FunctionPlace } from './ask-function.ts'
import { oneLine, trouble } from './errors.ts'
import type { Reader } from './open-reader.ts'

/** A record of an endpoint by attribute name. */
export type JsonRecord = Readonly<Record<string, string | number | boolean>>

/** One value of the time series table, as `series --json` prints it. */
export interface JsonPoint {
  /** ISO 8601 with milliseconds and Z. */
  readonly time: string
  readonly endpoint_id: string
  readonly record_type: string
  readonly metric: string
  readonly value: number | string
}

/** The same over HTTP, where times are milliseconds since 1970 UTC. */
interface HttpPoint extends Omit<JsonPoint, 'time'> {
  readonly time: number
}

/** Reads through the function that has the store. */
export function httpReader(place: FunctionPlace): Reader {
  const base = baseOf(place)

  async function getList<T>(path: string): Promise<readonly T[]> {
    const { status, text } = await askFunction(place, path)
    const answer = tryParseJson(text)
    // Lists of our own function, whose shape is its contract; only that it is one is checked.
    if (status === 200 && Array.isArray(answer) && answer.every(isJsonObject)) return answer as T[]
    throw trouble(
      `The function at ${base} does not answer as it should (status ${status}: ` +
        `${oneLine(text).slice(0, 200).replace(/\.$/, '')}): stop it and read the data folder alone.`,
    )
  }

  return {
    dataFolder: null,
    endpoints: () => getList<JsonRecord>('/api/records'),
    series: async (query) => {
      const points = await getList<HttpPoint>(`/api/series?${seriesParameters(query)}`)
      return points.map(({ time, ...rest }) => ({ time: new Date(time).toISOString(), ...rest }))
    },
    ledger: async ({ log, endpointId, toMinute, isNewest }) => {
      const parameters = {
        log,
        endpoint_id: endpointId,
        to_minute: toMinute,
        newest: isNewest ? 1 : undefined,
      }
      const lines = await getList<JsonLedgerLine>(`/api/ledger?${searchOf(parameters)}`)
      return lines.map(ledgerEntryOf)
    },
    claims: async (log) => {
      return (await getList<JsonClaim>(`/api/claims?${searchOf({ log })}`)).map(claimOf)
    },
    close: async () => undefined,
  }
}

function seriesParameters(query: SeriesQuery): string {
  const { endpointId, recordType, metric, fromMs, toMs, limit } = query
  // The HTTP side reads whole numbers of ms from 0 on; no event is older than that.
  const parameters = {
    endpoint_id: endpointId,
    record_type: recordType,
    metric,
    from_ms: fromMs === undefined ? undefined : Math.max(fromMs, 0),
    to_ms: toMs === undefined ? undefined : Math.max(toMs, 0),
    limit,
  }
  return searchOf(parameters)
}

function searchOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return search.toString()
}
