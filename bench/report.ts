import { cpus } from 'node:os'
import type { Findings, Ratio } from './support.ts'

/** One line of the table. */
interface Line {
  readonly key: string
  /** Null where none is set. */
  readonly goal: number | null
  readonly says: string
}

const LINES: readonly Line[] = [
  {
    key: 'hotPathOverJsonParse',
    goal: 1.9,
    says: 'decode, compute, batch / JSON.parse; 1,000 endpoints, 20 features',
  },
  { key: 'hotPathOverJsonParseAt100k', goal: 2.2, says: 'the same with 100,000 endpoints' },
  {
    key: 'withSpoolOverJsonParse',
    goal: 2.7,
    says: 'handler to batch with the durable write and its syncs / JSON.parse',
  },
  {
    key: 'toFileOverJsonParse',
    goal: 5.9,
    says: 'handler to Parquet file on disk, spool and worker thread included / JSON.parse',
  },
  {
    key: 'driftOverJsonParse',
    goal: 2.2,
    says: 'decode, compute, batch and drift on even edges / JSON.parse; 1,000 endpoints, 20 features',
  },
  { key: 'driftAnyEdgesOverJsonParse', goal: 2.4, says: 'the same on edges of any distance' },
  {
    key: 'bytesPerEndpointWithDrift',
    goal: 28_000,
    says: 'memory per endpoint with panes, each with a training set of its own',
  },
  {
    key: 'driftSliceOverEvent',
    goal: 5,
    says: 'longest slice of measuring drift, between which events get through / an event',
  },
  {
    key: 'driftEvaluationUs',
    goal: null,
    says: 'microseconds to measure the drift of an endpoint of 20 features',
  },
  {
    key: 'bytesPerEndpoint',
    goal: 4_500,
    says: 'memory per endpoint, 20,000 of them, slack included, batches not',
  },
  {
    key: 'bytesPerClaim',
    goal: null,
    says: 'memory per claim on a file; an endpoint makes one an hour, those of 100,000 endpoints and hours are kept',
  },
  {
    key: 'parquetOverArrowBuilder',
    goal: 0.6,
    says: 'Parquet CPU per row / the same by Arrow builders',
  },
  { key: 'gapOverInline', goal: 0.15, says: 'longest event loop gap of a file / written inline' },
  {
    key: 'framesOverProtobufjs',
    goal: 0.5,
    says: 'encoding a frame of 10,000 cells for framesd / the same by protobufjs',
  },
  {
    key: 'kvOverBarePuts',
    goal: 1.3,
    says: 'flushing 1,000 endpoints to V3IO / bare PUTs of the same bytes by node:http',
  },
  {
    key: 'readEndpointsOverSql',
    goal: 2,
    says: 'list of 1,000 endpoints, request to text / the bare SQL that it needs; embedded store',
  },
  {
    key: 'readSeriesOverSql',
    goal: 2,
    says: 'a day of one metric at 1,000 points / likewise',
  },
  {
    key: 'readMetricsOverSql',
    goal: 2,
    says: '/metrics of 1,000 endpoints / likewise',
  },
  {
    key: 'hangOverBounds',
    goal: 1,
    says: 'memory gained until events are held while V3IO hangs / what settings allow',
  },
  {
    key: 'recoveryOverProcessing',
    goal: 1.3,
    says: 'reading spooled events again / processing them anew without a disk; 20 features, 1,000 endpoints',
  },
  {
    key: 'firstAnswerSecs',
    goal: 2,
    says: 'seconds from the start of node to the first answer, with a full spool; whole function, V3IO',
  },
  {
    key: 'firstAnswerOverEmpty',
    goal: null,
    says: 'the same / with an empty spool',
  },
  {
    key: 'checkpointStall',
    goal: 3,
    says: 'longest hold-up of an event by a checkpoint of 10,000 endpoints / copying one chunk of it',
  },
  {
    key: 'loadOverEmpty',
    goal: 2.0,
    says: 'CPU of loading handler.js / an empty function of the same SDK',
  },
  {
    key: 'loadMs',
    goal: 15,
    says: 'ms of CPU to load handler.js and service.js, more than an empty handler',
  },
  {
    key: 'wrapperOverEmpty',
    goal: null,
    says: 'whole function in the wrapper, embedded store and its flushes / empty handler',
  },
  {
    key: 'wrapperWithoutFlushOverEmpty',
    goal: 1.75,
    says: 'the same without flushes: framing, spool, apply / empty handler',
  },
]

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
}

/** Of this process. */
export function machine(): Machine {
  const all = cpus()
  return { cpu: all[0]?.model ?? 'unknown', cores: all.length, node: process.version }
}

/** All findings as one object: each figure a number under its key, low and high of it in `spread`. */
export function asJson(findings: Findings, facts: Readonly<Record<string, unknown>>): string {
  const figures = LINES.flatMap(({ key }) => {
    const found = findings[key]
    return found === undefined ? [] : [[key, rounded(found.value)] as const]
  })
  const spread = Object.entries(findings).map(
    ([key, { low, high }]) => [key, [rounded(low), rounded(high)]] as const,
  )
  return JSON.stringify({
    ...Object.fromEntries(figures),
    spread: Object.fromEntries(spread),
    ...facts,
  })
}

/** The findings as a table for people. */
export function asTable(findings: Findings): string {
  const head = ['figure', 'value', 'goal', '', 'rounds', 'what']
  const rows = LINES.flatMap(({ key, goal, says }) => {
    const found = findings[key]
    if (found === undefined) return []
    return [
      [
        key,
        text(found.value),
        goal === null ? '-' : text(goal),
        verdict(found, goal),
        rangeOf(found),
        says,
      ],
    ]
  })
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const isNumber = (column: number): boolean => column === 1 || column === 2
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return isNumber(column) ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function verdict({ value }: Ratio, goal: number | null): string {
  if (goal === null) return ''
  return value <= goal ? 'ok' : 'above'
}

function rangeOf({ low, high }: Ratio): string {
  return `${text(low)}..${text(high)}`
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

function text(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value < 10 ? 2 : 1)
}
