/**
 * A training profile as JSON, in a file or in a request: what is known of a training set, so that the data
 * itself need not travel.
 *
 * {
 *   "format": "model-monitoring-profile",
 *   "version": 1,
 *   "label_names": ["label"],           which of the columns are labels; [] for none
 *   "columns": [                        in the order of the training set; a list, because objects do not
 *     {"name": "a", "stats": {...}},    keep the order of names such as "1"
 *     ...                               stats: as in `feature_stats` of a record (stats-json.ts)
 *   ]
 * }
 *
 * The version is raised by whatever an older reader would understand wrongly; other versions are refused.
 * Keys that are not named here are passed over. Written at once and whole; read by checking every key.
 */
import { isJsonObject, type JsonObject } from '../stream/accept/event.ts'
import { cleanName } from '../stream/compute/clean-name.ts'
import { pythonJson } from '../stream/deliver/python-json.ts'
import { CATEGORIES_MAX } from '../stream/drift/reference.ts'
import { statsJson } from './stats-json.ts'
import {
  type ColumnStats,
  featureNamesOf,
  type Histogram,
  type ProfileColumn,
  type TextCount,
  type TrainingProfile,
} from './training-profile.ts'

const FORMAT = 'model-monitoring-profile'
const VERSION = 1
const COLUMNS_MAX = 20_000
const BINS_MAX = 10_000

/** A profile, or what is wrong with what should have been one, as the end of a sentence. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaint: string }

/** The text of a profile, a column a line. */
export function encodeProfile({ columns, labelNames }: TrainingProfile): string {
  const lines = columns.map(
    ({ name, stats }) => `    {"name": ${pythonJson(name)}, "stats": ${statsJson(stats)}}`,
  )
  return `{
  "format": "${FORMAT}",
  "version": ${VERSION},
  "label_names": ${pythonJson(labelNames)},
  "columns": [
${lines.join(',\n')}
  ]
}
`
}

/** Reads a profile of a file or a request, after its JSON was parsed. */
export function decodeProfile(value: unknown): Decoded<TrainingProfile> {
  if (!isJsonObject(value) || value['format'] !== FORMAT) {
    return wrong(`it has no "format": "${FORMAT}"`)
  }
  const { version, label_names: labels, columns: given } = value
  if (version !== VERSION) {
    return wrong(`it is of version ${shown(version)}, and this program reads version ${VERSION}`)
  }
  if (!Array.isArray(given) || given.length === 0 || given.length > COLUMNS_MAX) {
    return wrong(`its "columns" are no list of 1 to ${COLUMNS_MAX}`)
  }
  const columns: ProfileColumn[] = []
  const names = new Set<string>()
  for (const [index, one] of given.entries()) {
    const { name, stats } = isJsonObject(one) ? one : {}
    if (typeof name !== 'string' || name === '' || name !== cleanName(name)) {
      return wrong(`columns[${index}] has no "name" as records have it`)
    }
    if (names.has(name)) return wrong(`two of its columns are called ${shown(name)}`)
    names.add(name)
    const decoded = decodeStats(stats)
    if (!decoded.ok) return wrong(`the stats of its column ${shown(name)} ${decoded.complaint}`)
    columns.push({ name, stats: decoded.value })
  }
  if (!isListOfTexts(labels)) return wrong('its "label_names" are no list of texts')
  const stranger = labels.find((label) => !names.has(label))
  if (stranger !== undefined) return wrong(`its label ${shown(stranger)} is none of its columns`)
  if (new Set(labels).size < labels.length) return wrong('it names a label twice')
  const profile = { columns, labelNames: labels }
  return featureNamesOf(profile).length === 0
    ? wrong('all its columns are labels')
    : { ok: true, value: profile }
}

/** One column's part of a profile or of `feature_stats`. */
export function decodeStats(stats: unknown): Decoded<ColumnStats> {
  if (!isJsonObject(stats)) return wrong('are no object')
  const { count } = stats
  if (!isCount(count)) return wrong('have no "count"')
  const histogram = decodeHistogram(stats['hist'])
  if (histogram === undefined) return wrong('have a "hist" that is none')
  return 'unique' in stats
    ? decodeCategory(stats, { count, histogram })
    : decodeNumbers(stats, { count, histogram })
}

interface Shared {
  readonly count: number
  readonly histogram: Histogram | null
}

function decodeCategory(stats: JsonObject, shared: Shared): Decoded<ColumnStats> {
  const { unique, top, freq } = stats
  if (!isCount(unique) || !isCount(freq)) return wrong('have no "unique" and "freq"')
  if (typeof top !== 'string' && typeof top !== 'boolean') return wrong('have no "top"')
  const texts = decodeTexts(stats['categories'])
  if (texts === undefined) return wrong('have "categories" that are none')
  return { ok: true, value: { kind: 'category', ...shared, unique, top, freq, texts } }
}

/** Null for none, undefined for something else. */
function decodeTexts(categories: unknown): readonly TextCount[] | null | undefined {
  if (categories === undefined || categories === null) return null
  const [counts, texts, ...others]: readonly unknown[] = Array.isArray(categories) ? categories : []
  if (!Array.isArray(counts) || !isListOfTexts(texts) || others.length > 0) return undefined
  const isWhole = texts.length === counts.length && texts.length <= CATEGORIES_MAX
  if (!isWhole || !counts.every(isCount) || new Set(texts).size < texts.length) return undefined
  return texts.map((text, index) => [text, counts[index] ?? 0])
}

function decodeNumbers(stats: JsonObject, shared: Shared): Decoded<ColumnStats> {
  const numbers = { mean: null, std: null, min: null, max: null } as Record<
    NumberKey,
    number | null
  >
  for (const key of ['mean', 'std', 'min', 'max'] as const) {
    const value = stats[key] ?? null
    if (value !== null && !isFiniteNumber(value)) return wrong(`have a "${key}" that is no number`)
    numbers[key] = value
  }
  return { ok: true, value: { kind: 'number', ...shared, ...numbers } }
}

type NumberKey = 'mean' | 'std' | 'min' | 'max'

/** Null for none, undefined for something else. */
function decodeHistogram(hist: unknown): Histogram | null | undefined {
  if (hist === undefined || hist === null) return null
  const [counts, edges, ...others]: readonly unknown[] = Array.isArray(hist) ? hist : []
  if (!Array.isArray(counts) || !Array.isArray(edges) || others.length > 0) return undefined
  const isWhole =
    counts.length > 0 && counts.length <= BINS_MAX && edges.length === counts.length + 1
  const isRising = edges.every((edge, index) => index === 0 || edge > edges[index - 1])
  const isUsable = isWhole && counts.every(isCount) && edges.every(isFiniteNumber) && isRising
  return isUsable ? { counts, edges } : undefined
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'none').slice(0, 60)
}

function wrong<T>(complaint: string): Decoded<T> {
  return { ok: false, complaint }
}
