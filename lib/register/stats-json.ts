import { pythonJson } from '../stream/deliver/python-json.ts'
import type { ColumnStats, Histogram, TextCount, TrainingProfile } from './training-profile.ts'

/**
 * `feature_stats` as MLRun writes it: a JSON object by column, in the order of the columns, with the keys
 * count, [unique, top, freq,] mean, std, min, max, hist, and for texts one of ours, which MLRun passes over:
 * `categories`, [counts, texts], without which nobody could tell a text that is new. Spelled as Python's json.dumps does, numbers
 * too: what is a float there has a point or an exponent here.
 */
export function featureStatsJson({ columns }: TrainingProfile): string {
  const members = columns.map(({ name, stats }) => `${pythonJson(name)}: ${statsJson(stats)}`)
  return `{${members.join(', ')}}`
}

/** One column's part of it. */
export function statsJson(stats: ColumnStats): string {
  const members: string[] = []
  const add = (key: string, json: string | null): void => {
    if (json !== null) members.push(`"${key}": ${json}`)
  }
  const addFloat = (key: string, value: number | null): void =>
    add(key, value === null ? null : pythonFloat(value))
  if (stats.kind === 'number') {
    addFloat('count', stats.count)
    for (const key of ['mean', 'std', 'min', 'max'] as const) addFloat(key, stats[key])
  } else {
    add('count', String(stats.count))
    add('unique', String(stats.unique))
    add('top', pythonJson(stats.top))
    add('freq', String(stats.freq))
    add('categories', categoriesJson(stats.texts))
  }
  add('hist', histogramJson(stats.histogram))
  return `{${members.join(', ')}}`
}

function categoriesJson(texts: readonly TextCount[] | null): string | null {
  if (texts === null || texts.length === 0) return null
  return pythonJson([texts.map(([, count]) => count), texts.map(([text]) => text)])
}

function histogramJson(histogram: Histogram | null): string | null {
  if (histogram === null) return null
  const { counts, edges } = histogram
  return `[[${counts.join(', ')}], [${edges.map(pythonFloat).join(', ')}]]`
}

/** A finite number as Python's `repr` of a float: the same digits as ours, other exponents. */
export function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    // Python writes at least two digits: 1e-05.
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
