/** What a record says of drift and of data quality, as flat rows: nothing is reckoned here. */
import { isJsonObject, type JsonObject } from '../stream/accept/event.ts'
import type { StoredRecord } from '../stream/ports.ts'
import { cellOf, idOf, memberOf, objectOf, timeMsOf } from './record-values.ts'
import type { Cell } from './table.ts'

type Row = Readonly<Record<string, Cell>>

const MEASURES = ['tvd', 'hellinger', 'kld'].flatMap((name) => [`${name}_sum`, `${name}_mean`])
const MORE_MEASURES = ['psi', 'jensen_shannon', 'ks', 'wasserstein', 'p']
const ODD = ['missing', 'wrong_type', 'out_of_range', 'unseen']

/**
 * An endpoint's drift as a whole; null if its record says nothing of it. `alarmed_features` counts the features that
 * have changed, `alarmed_names` names them; `reason` says why nothing could be measured; `odd_values` counts
 * the window's values that are no good; `rows` and `features` are how many it has.
 */
export function driftRow(record: StoredRecord): Row | null {
  const measures = objectOf(record, 'drift_measures') ?? {}
  const stream = objectOf(record, 'stream_drift')
  const status = record.get('drift_status') ?? ''
  if (status === '' && Object.keys(measures).length === 0 && stream === null) return null
  const alarms = alarmsOf(stream)
  const isMeasured = stream?.['state'] === 'measured'
  return {
    endpoint_id: idOf(record),
    model: cellOf(record, 'model', 'string'),
    drift_status: status === '' ? null : String(status),
    ...Object.fromEntries(MEASURES.map((name) => [name, memberOf(measures, name)])),
    alarmed_features: isMeasured ? alarms.length : null,
    alarmed_names: isMeasured ? alarms.map((alarm) => textIn(alarm, 'feature')).join(', ') : null,
    odd_values: isMeasured ? oddValues(record) : null,
    rows: memberOf(stream, 'rows'),
    features: isMeasured ? Object.keys(ownIn(stream, 'features') ?? {}).length : null,
    window_end: timeMsOf(ownIn(stream, 'window_end')),
    reason: textIn(stream, 'reason'),
  }
}

/**
 * What there is of a feature beyond MLRun's columns, by its name: numbers of rows and standard deviations,
 * distances, the chance `p` of as much by luck, its alarm with the likely cause, and values of the window that are
 * no good. Null for what the record does not have.
 */
export function featureDetails(record: StoredRecord): (name: string) => Row {
  const [expected, actual, quality, stream] = [
    'feature_stats',
    'current_stats',
    'data_quality',
    'stream_drift',
  ].map((name) => objectOf(record, name))
  const isMeasured = stream?.['state'] === 'measured'
  const features = ownIn(stream, 'features')
  const unknown = ownIn(stream, 'unknown')
  const alarms = new Map(alarmsOf(stream ?? null).map((alarm) => [textIn(alarm, 'feature'), alarm]))
  return (name) => {
    const measures = ownIn(features, name)
    const alarm = alarms.get(name) ?? null
    const cause = ownIn(alarm, 'cause')
    const odd = ownIn(quality, name)
    // A feature whose values are all good is left out there.
    const known = isMeasured && isJsonObject(measures) ? 0 : null
    return {
      actual_count: memberOf(ownIn(actual, name), 'count'),
      actual_std: memberOf(ownIn(actual, name), 'std'),
      expected_count: memberOf(ownIn(expected, name), 'count'),
      expected_std: memberOf(ownIn(expected, name), 'std'),
      ...Object.fromEntries(MORE_MEASURES.map((one) => [one, memberOf(measures, one)])),
      alarm_since: timeMsOf(ownIn(alarm, 'since')),
      alarm_test: textIn(alarm, 'test'),
      direction: textIn(alarm, 'direction'),
      shift_sigmas: memberOf(alarm, 'shift_sigmas'),
      cause: textIn(cause, 'kind'),
      cause_text: isJsonObject(cause) ? causeText(cause) : null,
      ...Object.fromEntries(ODD.map((one) => [one, memberOf(odd, one) ?? known])),
      reason: textIn(unknown, name) ?? textIn(stream, 'reason'),
    }
  }
}

/**
 * The bins of each feature of numbers: `from` <= value < `to`, null where a bin is open; `expected` and `actual`
 * are shares of the training set's and of the window's values, 0 to 1, null without any. The open bins
 * at both ends have what training never had.
 */
export function histogramRows(record: StoredRecord): Row[] {
  const expected = objectOf(record, 'feature_stats') ?? {}
  const actual = objectOf(record, 'current_stats') ?? {}
  return Object.keys(expected).flatMap((name) => {
    const training = histogramOf(expected[name])
    if (training === null) return []
    const { edges } = training
    const now = onEdges(histogramOf(ownIn(actual, name)), edges.length + 1)
    const share = sharesOf([0, ...training.counts, 0])
    const shareNow = sharesOf(now ?? [])
    return [null, ...edges].map((from, bin) => ({
      feature_name: name,
      bin,
      from,
      to: edges[bin] ?? null,
      expected: share[bin] ?? null,
      actual: shareNow[bin] ?? null,
    }))
  })
}

interface Histogram {
  readonly counts: readonly number[]
  readonly edges: readonly number[]
}

/** `hist` of a feature's statistics: counts, and one edge more; null for none, or one that is none. */
function histogramOf(stats: unknown): Histogram | null {
  const hist = ownIn(stats, 'hist')
  if (!Array.isArray(hist)) return null
  const [counts, edges] = hist.map((list) => (Array.isArray(list) ? [...list] : []))
  if (!isNumbers(counts) || !isNumbers(edges)) return null
  return counts.length > 0 && edges.length === counts.length + 1 ? { counts, edges } : null
}

function isNumbers(list: readonly unknown[] | undefined): list is readonly number[] {
  return list?.every((one) => typeof one === 'number' && Number.isFinite(one)) ?? false
}

/** Counts with an open bin at each side; those of MLRun's own job have none. */
function onEdges(histogram: Histogram | null, binCount: number): readonly number[] | null {
  if (histogram === null) return null
  const { counts } = histogram
  if (counts.length === binCount) return counts
  return counts.length === binCount - 2 ? [0, ...counts, 0] : null
}

function sharesOf(counts: readonly number[]): readonly number[] {
  const sum = counts.reduce((all, count) => all + count, 0)
  return sum > 0 ? counts.map((count) => count / sum) : []
}

/** A likely cause in a few words. */
function causeText(cause: JsonObject): string | null {
  const percent = `${Math.round((memberOf(cause, 'share') ?? 0) * 100)} %`
  switch (cause['kind']) {
    case 'text':
      return `${percent} of the values are texts`
    case 'missing':
      return `${percent} of the values are missing`
    case 'swapped':
      return `swapped with ${textIn(cause, 'other')}`
    case 'constant':
      return `always ${String(ownIn(cause, 'value'))}`
    case 'scaled':
      return `scaled by ${Number((memberOf(cause, 'factor') ?? 0).toPrecision(3))}`
    case 'new-texts':
      return `new texts: ${newTexts(ownIn(cause, 'texts'))}`
    default:
      return null
  }
}

function newTexts(texts: unknown): string {
  const all: readonly unknown[] = Array.isArray(texts) ? texts : []
  return all.map((pair) => (Array.isArray(pair) ? `${pair[0]} (${pair[1]})` : '')).join(', ')
}

function oddValues(record: StoredRecord): number {
  let sum = 0
  for (const odd of Object.values(objectOf(record, 'data_quality') ?? {})) {
    for (const name of ODD) sum += memberOf(odd, name) ?? 0
  }
  return sum
}

function alarmsOf(stream: JsonObject | null): readonly JsonObject[] {
  const alarms: unknown = stream?.['alarms']
  return Array.isArray(alarms) ? alarms.filter(isJsonObject) : []
}

/** A member that belongs to an object itself; undefined for anything else. */
function ownIn(object: unknown, name: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

function textIn(object: unknown, name: string): string | null {
  const value = ownIn(object, name)
  return typeof value === 'string' && value !== '' ? value : null
}
