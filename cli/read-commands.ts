import { trouble, wrongUsage } from './errors.ts'
import type { JsonPoint, JsonRecord } from './http-reader.ts'
import { withReader } from './open-reader.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'
import { type Column, formatCount, formatNumber, printable, tableLines } from './table.ts'
import { readTime } from './time-option.ts'
import { readOptions, someText, wholeNumber } from './usage.ts'

const WHICH_STORE = `  --data DIR       reads the store of this data folder; default: STORE_URL of the environment, else
                   ${DATA_FOLDER} or ${DEMO_FOLDER}, whichever there is`

/** What `endpoints --help` prints. */
export const ENDPOINTS_HELP = `model-monitoring endpoints [options]

Shows the endpoints and their newest numbers.

${WHICH_STORE}
  --json           prints an array of records with all their attributes
  --help           shows this
`

/** What `series --help` prints. */
export const SERIES_HELP = `model-monitoring series [options]

Shows the metrics over time, the oldest first.

${WHICH_STORE}
  --endpoint TEXT  only of this endpoint: its id, the beginning of it, or its model
  --record-type T  only of this type: base_metrics, endpoint_features, custom_metrics
  --metric M       only this metric
  --from T         from this time on: 2021-07-01, 2021-07-01T10:00:00Z or milliseconds since 1970
  --to T           up to this time
  --limit N        the newest N values; default 1000, with --json 100000
  --json           prints an array of {time, endpoint_id, record_type, metric, value}
  --help           shows this
`

const LIMIT = 1000
const LIMIT_JSON = 100_000
const LIMIT_MAX = 1_000_000
const ID_CHARS_MIN = 8

/**
 * `model-monitoring endpoints`.
 *
 * @returns  the exit code
 * @throws CliError, StreamError
 */
export async function readEndpoints(args: readonly string[]): Promise<number> {
  const values = readOptions('endpoints', args, {
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const data = someText('data', values.data)
  const records = await withReader(data, (reader) => reader.endpoints())
  if (values.json) printJson(records)
  else printLines(endpointLines(records), 'endpoint')
  return 0
}

/**
 * `model-monitoring series`.
 *
 * @returns  the exit code
 * @throws CliError, StreamError
 */
export async function readSeries(args: readonly string[]): Promise<number> {
  const values = readOptions('series', args, {
    data: { type: 'string' },
    endpoint: { type: 'string' },
    'record-type': { type: 'string' },
    metric: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const data = someText('data', values.data)
  const endpoint = someText('endpoint', values.endpoint)
  const limit =
    values.limit === undefined
      ? values.json
        ? LIMIT_JSON
        : LIMIT
      : wholeNumber('limit', values.limit, { min: 1, max: LIMIT_MAX })
  const from = readTime('from', values.from, 'start')
  const to = readTime('to', values.to, 'end')
  if (from !== undefined && to !== undefined && from > to) {
    throw wrongUsage('--from is later than --to: nothing can lie between them.')
  }
  const given = {
    recordType: someText('record-type', values['record-type']),
    metric: someText('metric', values.metric),
    fromMs: from,
    toMs: to,
  }
  const conditions = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  )
  const [points, records] = await withReader(data, async (reader) => {
    const all = await reader.endpoints()
    const endpointId = endpoint === undefined ? {} : { endpointId: findEndpoint(all, endpoint) }
    // One more than is shown tells whether there are more.
    return [await reader.series({ ...conditions, ...endpointId, limit: limit + 1 }), all] as const
  })
  const shown = points.slice(-limit)
  if (values.json) printJson(shown)
  else printLines(seriesLines(shown, records), 'value')
  if (points.length > limit) tellMore(limit)
  return 0
}

function tellMore(limit: number): void {
  process.stderr.write(
    `Only the newest ${formatCount(limit, 'value')} are shown: --limit takes more, ` +
      '--endpoint, --metric, --from and --to choose.\n',
  )
}

/** The id of the endpoint that is meant by an id, the beginning of one, or a model. */
function findEndpoint(records: readonly JsonRecord[], meant: string): string {
  const idOf = (record: JsonRecord): string => textOf(record, 'endpoint_id')
  const rules: readonly ((record: JsonRecord) => boolean)[] = [
    (record) => idOf(record) === meant,
    (record) => textOf(record, 'model') === meant,
    (record) => textOf(record, 'model').startsWith(`${meant}:`),
    (record) => idOf(record).startsWith(meant),
  ]
  for (const isMeant of rules) {
    const found = records.filter(isMeant)
    const [first] = found
    if (first === undefined) continue
    if (found.length === 1) return idOf(first)
    const ids = found.slice(0, 5).map((record) => printable(idOf(record)))
    throw trouble(
      `${found.length} endpoints fit --endpoint ${JSON.stringify(meant)} ` +
        `(${ids.join(', ')}${found.length > ids.length ? ', ...' : ''}): give one of their ids.`,
    )
  }
  throw trouble(
    `No endpoint fits --endpoint ${JSON.stringify(meant)}: ` +
      '"model-monitoring endpoints" shows all there are.',
  )
}

const ENDPOINT_COLUMNS: readonly Column[] = [
  { title: 'endpoint' },
  { title: 'model' },
  { title: 'function' },
  { title: 'predictions/s', align: 'right' },
  { title: 'latency ms', align: 'right' },
  { title: 'errors', align: 'right' },
  { title: 'last request' },
]

function endpointLines(records: readonly JsonRecord[]): readonly string[] {
  if (records.length === 0) return []
  const short = idShortener(records.map((record) => textOf(record, 'endpoint_id')))
  const rows = records.map((record) => [
    short(textOf(record, 'endpoint_id')),
    textOf(record, 'model'),
    textOf(record, 'function_uri'),
    numberText(record['predictions_per_second'], { digits: 3 }),
    numberText(latencyOf(record), { digits: 3, divisor: 1000 }),
    numberText(record['error_count'], { digits: 0 }),
    textOf(record, 'last_request'),
  ])
  return tableLines(ENDPOINT_COLUMNS, rows)
}

/** Of the longest window: the name of a window is part of its column's. */
function latencyOf(record: JsonRecord): unknown {
  const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
  const windows = Object.keys(record).flatMap((name) => {
    const [, count, unit = ''] = /^latency_avg_(\d+)([smhd])$/.exec(name) ?? []
    return count === undefined ? [] : [{ name, seconds: Number(count) * (unitSeconds[unit] ?? 0) }]
  })
  const longest = windows.sort((one, other) => other.seconds - one.seconds)[0]
  return longest === undefined ? undefined : record[longest.name]
}

const SERIES_COLUMNS: readonly Column[] = [
  { title: 'time' },
  { title: 'endpoint' },
  { title: 'model' },
  { title: 'record type' },
  { title: 'metric' },
  { title: 'value', align: 'right' },
]

function seriesLines(
  points: readonly JsonPoint[],
  records: readonly JsonRecord[],
): readonly string[] {
  if (points.length === 0) return []
  const models = new Map(
    records.map((record) => [textOf(record, 'endpoint_id'), textOf(record, 'model')]),
  )
  const short = idShortener([...models.keys(), ...points.map((point) => point.endpoint_id)])
  const rows = points.map(({ time, endpoint_id: id, record_type: type, metric, value }) => [
    time,
    short(id),
    models.get(id) ?? '',
    type,
    metric,
    String(value),
  ])
  return tableLines(SERIES_COLUMNS, rows)
}

/** As much of the ids as tells them apart, and as `--endpoint` understands. */
function idShortener(ids: readonly string[]): (id: string) => string {
  const all = [...new Set(ids)]
  const longest = Math.max(ID_CHARS_MIN, ...all.map((id) => id.length))
  let length = ID_CHARS_MIN
  while (length < longest && new Set(all.map((id) => id.slice(0, length))).size < all.length) {
    length++
  }
  return (id) => id.slice(0, length)
}

function textOf(record: JsonRecord, name: string): string {
  return String(record[name] ?? '')
}

function numberText(
  value: unknown,
  { digits, divisor = 1 }: { readonly digits: number; readonly divisor?: number },
): string {
  return typeof value === 'number' ? formatNumber(value / divisor, digits) : '-'
}

/** One element a line, so that it can be read and searched. */
function printJson(elements: readonly object[]): void {
  const lines = elements.map((element) => JSON.stringify(element)).join(',\n')
  process.stdout.write(lines === '' ? '[]\n' : `[\n${lines}\n]\n`)
}

function printLines(lines: readonly string[], noun: string): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  else process.stderr.write(`There is no ${noun} to show.\n`)
}
