import { type Answer, type NuclioEvent, respond } from 'nuclio-sdk-ts'
import { claimLine, ledgerLine } from '../lib/audit/json-lines.ts'
import type { LedgerQuery, SeriesQuery } from '../lib/stream/ports.ts'
import type { Service } from './wiring.ts'

const POINTS_MAX = 1_000_000

/** What a browser is shown. */
const PATHS = `Model monitoring stream.

GET  /healthz        ok, when the function takes events
GET  /status         events, rows and writes so far, by endpoint
GET  /api/endpoints  the endpoint records
GET  /api/series     metrics: endpoint_id, record_type, metric, from_ms, to_ms, limit
GET  /api/ledger     what each log has counted: log, endpoint_id, to_minute, newest
GET  /api/claims     which rows the Parquet files of a log have: log
POST /               takes a serving event
POST /api/register   takes a training set's profile, as "model-monitoring register" sends it
`

/** Answers what is read over HTTP; undefined for a path that is none of ours. */
export async function answerRead(event: NuclioEvent, service: Service): Promise<Answer> {
  switch (event.path) {
    case '/':
      return PATHS
    case '/healthz':
      return 'ok'
    case '/status':
      return respond({ body: statusOf(service) })
    case '/api/endpoints': {
      const records = await service.reader.endpoints()
      return respond({ body: records.map((record) => Object.fromEntries(record)) })
    }
    case '/api/series': {
      const query = seriesQuery(event.fields ?? {})
      if (typeof query === 'string') return [400, query]
      const points = await service.reader.series(query)
      return respond({
        body: points.map(({ atMs, endpointId, recordType, metric, value }) => ({
          time: new Date(atMs).toISOString(),
          endpoint_id: endpointId,
          record_type: recordType,
          metric,
          value,
        })),
      })
    }
    case '/api/ledger': {
      const query = ledgerQuery(event.fields ?? {})
      if (typeof query === 'string') return [400, query]
      return respond({ body: (await service.reader.ledger(query)).map(ledgerLine) })
    }
    case '/api/claims': {
      const log = textField(event.fields ?? {}, 'log')
      if (log === undefined) return [400, 'Name a log: /api/ledger has those that there are.']
      return respond({ body: (await service.reader.claims(log)).map(claimLine) })
    }
    default:
      return [404, `There is nothing at ${event.path}: GET / lists what there is.`]
  }
}

/** The status with what only the process knows. */
export function statusOf({ logs, storeName, paths }: Service): object {
  return { store: storeName, ...logs.status(), paths }
}

/** The query of a request, or what is wrong with it. */
function seriesQuery(fields: Readonly<Record<string, unknown>>): SeriesQuery | string {
  const numbers = numberFields(fields, ['from_ms', 'to_ms', 'limit'])
  if (typeof numbers === 'string') return numbers
  const { from_ms: fromMs, to_ms: toMs, limit = 1000 } = numbers
  const query = {
    endpointId: textField(fields, 'endpoint_id'),
    recordType: textField(fields, 'record_type'),
    metric: textField(fields, 'metric'),
    fromMs,
    toMs,
  }
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), limit: Math.min(Math.max(limit, 1), POINTS_MAX) }
}

/** The same for the ledger. */
function ledgerQuery(fields: Readonly<Record<string, unknown>>): LedgerQuery | string {
  const numbers = numberFields(fields, ['to_minute', 'newest'])
  if (typeof numbers === 'string') return numbers
  const log = textField(fields, 'log')
  const endpointId = textField(fields, 'endpoint_id')
  const { to_minute: toMinute, newest = 0 } = numbers
  return {
    ...(log === undefined ? {} : { log }),
    ...(endpointId === undefined ? {} : { endpointId }),
    ...(toMinute === undefined ? {} : { toMinute }),
    isNewest: newest > 0,
  }
}

/** A parameter; undefined where it is missing or empty. */
function textField(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Those of the named parameters that are there, or what is wrong with one of them. */
function numberFields(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, number>> | string {
  const numbers: Record<string, number> = {}
  for (const name of names) {
    const value = textField(fields, name)
    if (value === undefined) continue
    if (!/^\d{1,15}$/.test(value)) return `${name} must be a whole number, not ${value}.`
    numbers[name] = Number(value)
  }
  return numbers
}
