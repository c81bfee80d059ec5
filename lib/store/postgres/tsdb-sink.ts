import type { MetricRow, TsdbSink } from '../../stream/ports.ts'
import { bisect } from '../bisect.ts'
import { safeText } from '../safe-text.ts'
import type { Database } from './database.ts'
import { Partitions } from './partitions.ts'
import { verdict } from './refusal.ts'
import { timeText } from './time-text.ts'

// Larger statements gain a tenth and hold the embedded engine's thread for long: 2,000 values take
// it for 30 ms, 10,000 for 130 (docs/decisions/0002).
const VALUES_PER_STATEMENT = 2_000

// Of equal keys the first one wins, inside the statement (ORDER BY) and against the table, as in
// V3IO. A retry therefore changes nothing: rows that arrived the first time are left alone, the
// others are added, and no reader ever sees a number change.
const INSERT = `
  INSERT INTO model_endpoint_metrics (time, endpoint_id, record_type, metric, value, text)
  SELECT given.time::timestamptz, given.endpoint_id, given.record_type, given.metric,
    given.value, given.text
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[])
    WITH ORDINALITY AS given (time, endpoint_id, record_type, metric, value, text, position)
  ORDER BY given.position
  ON CONFLICT (endpoint_id, record_type, metric, time) DO NOTHING`

/** Metrics in `model_endpoint_metrics`, one value a row; a call is one transaction. */
export function createTsdbSink(database: Database, nowMs: () => number): TsdbSink {
  const partitions = new Partitions(database, nowMs)
  return {
    write(rows) {
      const insert = async (from: number, to: number): Promise<void> => {
        const part = rows.slice(from, to)
        await partitions.prepare(part.map((row) => row.atMs))
        await database.transaction(async (transaction) => {
          for (const values of statementsOf(part)) {
            await transaction.query(INSERT, [
              values.times,
              values.endpointIds,
              values.recordTypes,
              values.metrics,
              values.numbers,
              values.texts,
            ])
          }
        })
      }
      return bisect(rows.length, insert, verdict)
    },
  }
}

/** The columns of one INSERT: lists of one length, a value has its number or its text. */
interface Values {
  readonly times: string[]
  readonly endpointIds: string[]
  readonly recordTypes: string[]
  readonly metrics: string[]
  readonly numbers: (number | null)[]
  readonly texts: (string | null)[]
}

function noValues(): Values {
  return { times: [], endpointIds: [], recordTypes: [], metrics: [], numbers: [], texts: [] }
}

/** Cuts between rows, so that only a single row of more values makes a larger statement. */
function* statementsOf(rows: readonly MetricRow[]): Generator<Values> {
  let values = noValues()
  for (const row of rows) {
    if (values.times.length > 0 && values.times.length + row.names.length > VALUES_PER_STATEMENT) {
      yield values
      values = noValues()
    }
    addRow(values, row)
  }
  if (values.times.length > 0) yield values
}

function addRow(values: Values, row: MetricRow): void {
  const time = timeText(row.atMs)
  const endpointId = safeText(row.endpointId)
  const recordType = safeText(row.recordType)
  row.names.forEach((name, index) => {
    const value = row.values[index]
    if (value === undefined) return
    values.times.push(time)
    values.endpointIds.push(endpointId)
    values.recordTypes.push(recordType)
    values.metrics.push(safeText(name))
    values.numbers.push(typeof value === 'number' ? value : null)
    values.texts.push(typeof value === 'string' ? safeText(value) : null)
  })
}
