import type { DriftAlarm, EndpointLine, FunctionStatus } from './function-status.ts'
import { type Column, formatCount, formatNumber, printable, tableLines } from './table.ts'

/** What the command itself knows of a run. */
export interface RunFacts {
  /** Milliseconds from the first event to the end of the flush. */
  readonly tookMs: number
  /** Events that were delivered in it. */
  readonly eventCount: number
  /** Where the store lies; '' for one that is not in a folder. */
  readonly storeFolder: string
  /** What to type next, one command a line. */
  readonly nextCommands: readonly string[]
}

const COLUMNS: readonly Column[] = [
  { title: 'model' },
  { title: 'predictions', align: 'right' },
  { title: 'predictions/s', align: 'right' },
  { title: 'latency ms', align: 'right' },
  { title: 'errors', align: 'right' },
  { title: 'rejected', align: 'right' },
  { title: 'drift' },
]

type Noun = (count: number | undefined) => string

/** What becomes of an event, as the status names it and as people do. */
const OUTCOMES: readonly (readonly [string, Noun])[] = [
  ['accepted', () => 'accepted'],
  ['error', (count) => (count === 1 ? 'error' : 'errors')],
  ['ignored', () => 'ignored'],
  ['rejected', () => 'rejected'],
  ['duplicate', (count) => (count === 1 ? 'duplicate' : 'duplicates')],
  ['waiting', () => 'waiting'],
  ['spooled', () => 'in the spool'],
]

const SINK_NOUNS = [
  ['parquetRows', 'Parquet row'],
  ['metricRows', 'metric row'],
  ['records', 'record'],
] as const

/** The lines that close a run: what came in, what became of it, and where it lies now. */
export function summaryLines(status: FunctionStatus, facts: RunFacts): readonly string[] {
  const { events, rows, written, rejections } = status
  const at = (counts: Readonly<Record<string, number>>, name: string): string =>
    formatNumber(counts[name] ?? 0)
  const isFleeting = (name: string): boolean => name === 'waiting' || name === 'spooled'
  const outcomes = OUTCOMES.filter(([name]) => !isFleeting(name) || (events[name] ?? 0) > 0)
  const sum = outcomes
    .map(([name, noun]) => `${at(events, name)} ${noun(events[name])}`)
    .join(' + ')
  const seconds = Math.max(facts.tookMs / 1000, 0.001)
  const rate = ` (${formatNumber(facts.eventCount / seconds)} events/s)`
  return [
    ...tableLines(COLUMNS, status.endpoints.map(endpointCells)),
    '',
    ...status.endpoints.flatMap(alarmLines),
    ...labelled([
      ['events', `${at(events, 'received')} received = ${sum}`],
      [
        'rows',
        `${at(rows, 'accepted')} accepted, ${at(rows, 'rejected')} rejected, ${at(rows, 'late')} late`,
      ],
      ['rejected', reasonsText(rejections)],
      [
        'written',
        [
          formatCount(written['parquetFiles'] ?? 0, 'Parquet file'),
          formatCount(written['parquetRows'] ?? 0, 'Parquet row'),
          formatCount(written['metricValues'] ?? 0, 'metric value'),
          formatCount(written['records'] ?? 0, 'record'),
        ].join(', '),
      ],
      ['refused', refusedText(status)],
      ['took', `${formatNumber(seconds, 1)} s${facts.eventCount === 0 ? '' : rate}`],
    ]),
    '',
    ...labelled([
      ['parquet', status.paths['parquet'] ?? ''],
      ['store', [status.store, facts.storeFolder].filter((text) => text !== '').join(' in ')],
      ['dead letters', status.paths['deadLetters'] ?? ''],
    ]),
    '',
    ...labelled(facts.nextCommands.map((command, index) => [index === 0 ? 'next' : ' ', command])),
  ]
}

/** Says that something could not be delivered; null when all was. */
export function pendingSentence({ pending }: FunctionStatus): string | null {
  const parts = sinkParts(pending)
  if (parts === '') return null
  return (
    `Not everything could be written (${parts} wait in the spool): ` +
    'mend what the warnings above name, and run the same command again.'
  )
}

function endpointCells(endpoint: EndpointLine): readonly string[] {
  const { latencyAvgUs } = endpoint
  return [
    endpoint.model,
    formatNumber(endpoint.predictions),
    formatNumber(endpoint.predictionsPerSecond, 3),
    latencyAvgUs === null ? '-' : formatNumber(latencyAvgUs / 1000, 3),
    formatNumber(endpoint.errors),
    formatNumber(endpoint.rejected),
    driftText(endpoint),
  ]
}

/** In a word: what has changed is told below. */
function driftText({ drift }: EndpointLine): string {
  if (drift === null) return 'no training set'
  if (drift.status === '') return 'unknown'
  if (drift.alarms.length === 0) return 'none'
  return formatCount(drift.alarms.length, 'feature')
}

/** Features that have changed, those that moved most first, and since when. */
function alarmLines({ model, drift }: EndpointLine): readonly string[] {
  const alarms = [...(drift?.alarms ?? [])].sort((one, other) => sizeOf(other) - sizeOf(one))
  const [since] = alarms.map((alarm) => alarm.since).sort()
  if (since === undefined) return []
  const named = alarms.slice(0, ALARMS_NAMED).map(alarmText)
  const more = alarms.length - named.length
  const rest = more > 0 ? [`${formatNumber(more)} more`] : []
  return [
    printable(`${model} has drifted since ${shortTime(since)}: ${[...named, ...rest].join(', ')}.`),
    '',
  ]
}

const ALARMS_NAMED = 5

function sizeOf({ shiftSigmas }: DriftAlarm): number {
  return Math.abs(shiftSigmas ?? 0)
}

/** `mean_radius up by 1.2 sigma (scaled)`. */
function alarmText({ feature, direction, shiftSigmas, cause }: DriftAlarm): string {
  const moved =
    shiftSigmas === null || direction === ''
      ? 'changed'
      : `${direction} by ${formatNumber(Math.abs(shiftSigmas), 1)} sigma`
  return `${feature} ${moved}${cause === '' ? '' : ` (${cause})`}`
}

/** `2026-11-02 09:00 UTC` of an ISO 8601 time. */
function shortTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`
}

/** `12 missing, 3 bad-time`, the most frequent first. */
function reasonsText(rejections: Readonly<Record<string, number>>): string {
  return Object.entries(rejections)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${formatNumber(count)} ${reason}`)
    .join(', ')
}

function refusedText({ refused }: FunctionStatus): string {
  const parts = sinkParts(refused)
  if (parts === '') return ''
  return `${parts} by the stores for good: they are in the dead letters`
}

/** `12 Parquet rows, 3 records`; '' for nothing at all. */
function sinkParts(counts: FunctionStatus['pending']): string {
  return SINK_NOUNS.filter(([name]) => (counts[name] ?? 0) > 0)
    .map(([name, noun]) => formatCount(counts[name] ?? 0, noun))
    .join(', ')
}

/** Lines with their labels in a column; those without a text are left out. */
function labelled(lines: readonly (readonly [string, string])[]): readonly string[] {
  const width = 'dead letters'.length
  return lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `${label.padEnd(width)}  ${printable(text)}`)
}
