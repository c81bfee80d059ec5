import { type Answer, type NuclioEvent, respond } from 'nuclio-sdk-ts'
import type { SeriesQuery } from '../lib/stream/ports.ts'
import type { Service } from './wiring.ts'

const POINTS_MAX = 1_000_000

/** What a browser is shown. */
const PATHS = `Model monitoring stream.

GET  /healthz        ok, when the function takes events
GET  /status         events, rows and writes so far, by endpoint
GET  /api/endpoints  the endpoint records
GET  /api/series     metrics: endpoint_id, record_type, metric, from_ms, to_ms, limit
POST /               takes a serving event
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
  const text = (name: string): string | undefined => {
    const value = fields[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const numbers: Record<string, number> = {}
  for (const name of ['from_ms', 'to_ms', 'limit']) {
    const value = text(name)
    if (value === undefined) continue
    if (!/^\d{1,15}$/.test(value)) return `${name} must be a whole number, not ${value}.`
    numbers[name] = Number(value)
  }
  const { from_ms: fromMs, to_ms: toMs, limit = 1000 } = numbers
  const query = {
    endpointId: text('endpoint_id'),
    recordType: text('record_type'),
    metric: text('metric'),
    fromMs,
    toMs,
  }
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), limit: Math.min(Math.max(limit, 1), POINTS_MAX) }
}
