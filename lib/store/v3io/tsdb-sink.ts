import { type FramesClient, V3ioError } from 'v3io-js-sdk'
import type { MetricRow, RefusedRow, TsdbSink } from '../../stream/ports.ts'
import { tryByHalves } from '../bisect.ts'
import { outcomeOf } from '../outcome.ts'
import { verdict } from './failure.ts'
import { metricFrames } from './metric-frames.ts'
import { NewestSamples } from './newest-samples.ts'

/** What MLRun creates its table with: chunks of 6 hours, partitions of 12 days. */
const RATE = '10/m'
/**
 * So often in a row a failure of which framesd does not say whether it is for good is tried again, about a
 * minute in all; then it is taken to be about the rows, which are narrowed down and refused.
 */
const UNCLEAR_FAILURES_MAX = 8

/**
 * Metrics in a table of framesd; writing rows again changes nothing, because the table keeps the first
 * of equal times. It also drops, and says nothing, what is older than the newest sample of its
 * series: such values are not sent, their rows are refused.
 *
 * @param table  path inside the client's container
 */
export function createTsdbSink(frames: FramesClient, table: string): TsdbSink {
  const newest = new NewestSamples()
  const target = { backend: 'tsdb', table } as const
  let isCreated = false
  let unclearCount = 0

  async function create(): Promise<void> {
    await frames.create({ ...target, rate: RATE, ifExists: 'ignore' })
    isCreated = true
  }

  async function send(rows: readonly MetricRow[]): Promise<void> {
    const batch = metricFrames(rows)
    if (batch.length === 0) return
    const { frameCount, rowCount } = await frames.write({ ...target, frames: batch })
    if (frameCount !== batch.length || rowCount !== rows.length) {
      throw new V3ioError(
        'bad-answer',
        `framesd took ${rowCount} rows in ${frameCount} frames of ${rows.length} in ${batch.length}`,
      )
    }
    for (const row of rows) newest.add(row)
  }

  async function write(rows: readonly MetricRow[]): Promise<void> {
    if (!isCreated) await create()
    try {
      await send(rows)
    } catch (error) {
      // Somebody has deleted the table.
      if (!(error instanceof V3ioError) || error.code !== 'not-found') throw error
      await create()
      await send(rows)
    }
  }

  return {
    async write(rows) {
      const { onTime, late } = withoutLate(rows, newest)
      const part = (from: number, to: number): Promise<void> =>
        write(onTime.slice(from, to).map(({ row }) => row))
      const isEnough = unclearCount >= UNCLEAR_FAILURES_MAX
      let isUnclear = false
      const fates = await tryByHalves(onTime.length, part, (error) => {
        if (!(error instanceof V3ioError) || error.code !== 'failed') return verdict(error)
        isUnclear = true
        return { isRefusal: isEnough, reason: error.message }
      })
      unclearCount = isUnclear && !isEnough ? unclearCount + 1 : 0
      const originalOf = (index: number): number => onTime[index]?.index ?? -1
      const unwritten = fates.unwritten.map(originalOf)
      const refused = new Map(late)
      for (const { index, reason } of fates.refused) refused.set(originalOf(index), reason)
      // What is tried again is looked at again.
      for (const index of unwritten) refused.delete(index)
      return outcomeOf({
        count: rows.length,
        unwritten,
        refused: [...refused].map(([index, reason]): RefusedRow => ({ index, reason })),
        trouble: fates.trouble,
      })
    },
  }
}

/** Rows that the table will take, with their index; and why others, or values of them, are not sent. */
function withoutLate(
  rows: readonly MetricRow[],
  newest: NewestSamples,
): {
  readonly onTime: readonly { readonly row: MetricRow; readonly index: number }[]
  readonly late: ReadonlyMap<number, string>
} {
  const withThese = new NewestSamples(newest)
  const onTime: { row: MetricRow; index: number }[] = []
  const late = new Map<number, string>()
  for (const [index, row] of rows.entries()) {
    const metrics = withThese.lateMetrics(row)
    if (metrics !== null) late.set(index, lateReason(row, metrics))
    const rest = metrics === null ? row : without(row, metrics)
    if (rest.names.length === 0) continue
    withThese.add(rest)
    onTime.push({ row: rest, index })
  }
  return { onTime, late }
}

function without(row: MetricRow, metrics: ReadonlySet<number>): MetricRow {
  const isKept = (_: unknown, index: number): boolean => !metrics.has(index)
  return { ...row, names: row.names.filter(isKept), values: row.values.filter(isKept) }
}

function lateReason({ names }: MetricRow, metrics: ReadonlySet<number>): string {
  const late =
    'The time series table has a sample as new as this one already, and takes none after it'
  if (metrics.size === names.length) return `${late}.`
  const which = names.filter((_, index) => metrics.has(index))
  const more = which.length > 5 ? ` and ${which.length - 5} others` : ''
  return `${late}: ${which.slice(0, 5).join(', ')}${more}; the rest of the row is written.`
}
