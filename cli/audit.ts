import { type AuditReport, audit, type EndpointAudit } from '../lib/audit/audit.ts'
import type { AuditFacts, RecordFacts } from '../lib/audit/facts.ts'
import type { Unproven } from '../lib/audit/quality-audit.ts'
import { parseConfig } from '../lib/config/parse.ts'
import type { Claim, LedgerEntry } from '../lib/stream/ports.ts'
import { dataPaths } from './data-folder.ts'
import { readLetters } from './dead-letter-files.ts'
import type { JsonRecord } from './http-reader.ts'
import { type Reader, withReader } from './open-reader.ts'
import {
  filesInFolder,
  filesOf,
  type ParquetFiles,
  readParquetFiles,
  readRows,
} from './parquet-files.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'
import { type Column, formatCount, formatNumber, tableLines } from './table.ts'
import { readTime } from './time-option.ts'
import { readOptions, someText } from './usage.ts'

/** What `audit --help` prints. */
export const AUDIT_HELP = `model-monitoring audit [options]

Proves from the Parquet files, the dead letters and the tables that every event that was answered is accounted
for, each once, and names every difference. It counts again which values were missing, of a wrong type, out of the
training range or unseen, by the reference in the endpoint's record. It may be called while the function runs.

  --data DIR          audits this data folder; default: the store, files and dead letters that the environment
                      names as for the function, else ${DATA_FOLDER} or ${DEMO_FOLDER}, whichever there is
  --parquet DIR       the folder of the Parquet files
  --dead-letters DIR  the folder of the dead letters
  --from T            only what was counted from this time on, such as after older files were deleted:
                      2021-07-01, 2021-07-01T10:00:00Z or milliseconds since 1970
  --rows-only         does not read the values of files, which takes as long as there are many
  --json              prints one object; "unaccounted" is 0 when all is well
  --help              shows this

The exit code is 1 if there is any difference.
`

const MINUTE_MS = 60_000

/**
 * `model-monitoring audit`.
 *
 * @returns  the exit code
 * @throws CliError, StreamError
 */
export async function auditBooks(args: readonly string[]): Promise<number> {
  const values = readOptions('audit', args, {
    data: { type: 'string' },
    parquet: { type: 'string' },
    'dead-letters': { type: 'string' },
    from: { type: 'string' },
    'rows-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  const fromMs = readTime('from', values.from, 'start')
  const report = await withReader(someText('data', values.data), async (reader) => {
    const places = placesOf(reader, {
      parquet: someText('parquet', values.parquet),
      deadLetters: someText('dead-letters', values['dead-letters']),
    })
    try {
      const facts = await gather(reader, places, fromMs)
      return await audit(values['rows-only'] ? { ...facts, readRows: null } : facts)
    } finally {
      places.parquet.close()
    }
  })
  if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else process.stdout.write(`${reportLines(report).join('\n')}\n`)
  return report.differences.length === 0 ? 0 : 1
}

/** Where files lie. */
interface Places {
  readonly parquet: ParquetFiles
  /** A folder. */
  readonly deadLetters: string
}

function placesOf(
  { dataFolder }: Reader,
  given: { readonly parquet: string | undefined; readonly deadLetters: string | undefined },
): Places {
  const paths = dataFolder === null ? null : dataPaths(dataFolder)
  const parquet = given.parquet ?? paths?.parquet
  const deadLetters = given.deadLetters ?? paths?.deadLetters
  const isWhole = parquet !== undefined && deadLetters !== undefined
  if (isWhole) return { parquet: filesInFolder(parquet), deadLetters }
  const config = parseConfig(process.env)
  return {
    parquet: parquet === undefined ? filesOf(config) : filesInFolder(parquet),
    deadLetters: deadLetters ?? config.deadLetterPath,
  }
}

async function gather(
  reader: Reader,
  places: Places,
  fromMs: number | undefined,
): Promise<AuditFacts> {
  const newest = await reader.ledger({ isNewest: true })
  const before = fromMs === undefined ? [] : await linesBefore(reader, fromMs)
  const logs = [...new Set(newest.map(({ log }) => log))]
  const claims: Claim[] = []
  for (const log of logs) claims.push(...(await reader.claims(log)))
  const records = (await reader.endpoints()).map(recordOf)
  const { files, damaged } = await readParquetFiles(places.parquet)
  const letters = [...readLetters(places.deadLetters)]
  return {
    newest,
    before,
    history: (log, endpointId) => reader.ledger({ log, endpointId, isNewest: false }),
    claims,
    files,
    damaged,
    records,
    letters: letters.flatMap(({ log, event }) =>
      event === null
        ? []
        : [{ key: event.key, log, offset: event.offset, wrongType: event.wrongType }],
    ),
    refusedRows: letters.flatMap(({ log, refusedRow }) =>
      refusedRow === null ? [] : [{ log, ...refusedRow, key: `${log} ${refusedRow.key}` }],
    ),
    readRows: (file) => readRows(places.parquet, file),
  }
}

/** Where each log and endpoint stood before a time. */
function linesBefore(reader: Reader, fromMs: number): Promise<readonly LedgerEntry[]> {
  return reader.ledger({ toMinute: Math.floor(fromMs / MINUTE_MS) - 1, isNewest: true })
}

function recordOf(record: JsonRecord): RecordFacts {
  return {
    endpointId: String(record['endpoint_id'] ?? ''),
    errorCount: Number(record['error_count'] ?? 0),
    featureStats: textOf(record['feature_stats']),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const COLUMNS: readonly Column[] = [
  { title: 'endpoint' },
  { title: 'log' },
  { title: 'rows accepted', align: 'right' },
  { title: 'in Parquet', align: 'right' },
  { title: 'dead letters', align: 'right' },
  { title: 'pending', align: 'right' },
  { title: 'missing', align: 'right' },
]

function reportLines({ logs, endpoints, differences, unaccounted }: AuditReport): string[] {
  if (logs.length === 0 && differences.length === 0) {
    return ['The ledger is empty: no event was counted yet.']
  }
  const received = logs.reduce((sum, { events }) => sum + events.received, 0)
  const accepted = logs.reduce((sum, { rows }) => sum + rows.accepted, 0)
  const taken = `${formatCount(received, 'event')} and ${formatCount(accepted, 'row')}`
  return [
    ...tableLines(COLUMNS, endpoints.map(endpointCells)),
    '',
    ...logs.map(({ log, events, letters }) => {
      const { received: all, ...outcomes } = events
      const parts = Object.entries(outcomes).map(
        ([name, count]) => `${formatNumber(count)} ${name}`,
      )
      const dead = formatCount(letters.found, 'dead letter')
      return `log ${log}: ${formatCount(all, 'event')}: ${parts.join(', ')}; ${dead}`
    }),
    ...endpoints.flatMap(qualityLine),
    '',
    ...differences.map(({ kind, log, endpoint_id: endpoint, what }) => {
      const about = [log, endpoint].filter((name) => name !== '').join(' ')
      return `${kind}${about === '' ? '' : ` (${about})`}: ${what}`
    }),
    unaccounted === 0 && differences.length === 0
      ? `All is accounted for: ${taken}. unaccounted: 0`
      : `unaccounted: ${formatNumber(unaccounted)} of ${taken}`,
  ]
}

const WHY: Readonly<Record<Unproven, string>> = {
  rows: 'its rows are not all there',
  pending: 'its rows are not written yet',
  'other-reference': 'its record has another training set by now',
  before: 'what was counted until then was on another training set',
  'file-unreadable': 'a file cannot be read',
  'not-asked': 'files were not read',
}

function qualityLine({ endpoint_id: id, log, quality }: EndpointAudit): readonly string[] {
  if (quality === null) return []
  const about = `values of ${id} in ${log}`
  if (quality.state === 'unproven') return [`${about}: not counted again, ${WHY[quality.reason]}`]
  const parts = Object.entries(quality.values).map(
    ([kind, count]) => `${formatNumber(count)} ${kind.replaceAll('_', ' ')}`,
  )
  return [`${about}: ${formatCount(quality.rows, 'row')}: ${parts.join(', ')}`]
}

function endpointCells({ endpoint_id: id, log, rows }: EndpointAudit): readonly string[] {
  const { accepted, in_parquet: inParquet, dead_lettered: dead, pending, missing } = rows
  const counts = [accepted, inParquet, dead, pending, missing]
  return [id, log, ...counts.map((count) => formatNumber(count))]
}
