import { areEven, evenEdges } from './even-edges.ts'

/** Why nothing can be said of a whole endpoint. */
export type ReferenceReason = 'absent' | 'not-json' | 'not-an-object' | 'no-features' | 'too-many'

/** Why nothing can be said of one feature. */
export type FeatureReason =
  | 'not-an-object'
  | 'no-rows'
  | 'no-histogram'
  | 'bad-histogram'
  | 'bad-counts'
  | 'count-mismatch'
  | 'bad-edges'
  | 'edges-not-increasing'
  | 'bad-categories'

/** Numbers or bools of the training set. Bin j holds edges[j] <= x < edges[j + 1], the last one its end too. */
export interface NumericFeature {
  readonly kind: 'numeric'
  readonly name: string
  /** Rows that have a value, >= 1; all of them lie between the first and the last edge. */
  readonly rows: number
  /** Rows of the training set without one, >= 0; null where its statistics do not tell. */
  readonly missingRows: number | null
  /** False: only the range is known, and stands here as one bin. */
  readonly hasHistogram: boolean
  readonly binCount: number
  /** Where its bins lie in `counts`, and its edges in `edges`. */
  readonly firstBin: number
  readonly firstEdge: number
  /** Whether the edges are those of numpy.linspace: then only the first and the last are kept. */
  readonly isEven: boolean
  readonly mean: number
  /** What moves are measured in: the standard deviation, > 0; of a constant column the range of its bins. */
  readonly scale: number
  readonly isConstant: boolean
}

/** Texts of the training set. */
export interface CategoricalFeature {
  readonly kind: 'categorical'
  readonly name: string
  readonly rows: number
  readonly missingRows: number | null
  /** Those whose counts are known; one bin each. */
  readonly categories: readonly string[]
  readonly binCount: number
  readonly firstBin: number
  /** Different texts in the training set, >= categories.length. */
  readonly uniqueCount: number
  /** Whether `categories` are all there were, so that any other text is new. */
  readonly isComplete: boolean
}

export interface UnknownFeature {
  readonly kind: 'unknown'
  readonly name: string
  readonly reason: FeatureReason
}

export type KnownFeature = NumericFeature | CategoricalFeature
export type Feature = KnownFeature | UnknownFeature

/** The training set, as far as its statistics tell; numbers of all features lie in two arrays. */
export interface KnownReference {
  readonly kind: 'known'
  readonly features: readonly Feature[]
  readonly edges: Float64Array
  readonly counts: Uint32Array
}

export type Reference =
  | KnownReference
  | { readonly kind: 'unknown'; readonly reason: ReferenceReason }

/** What one record may make us keep: 1,000 features are more than a row may have by default. */
const FEATURES_MAX = 1_000
const BINS_MAX = 100
export const CATEGORIES_MAX = 64
const ROWS_MAX = 2 ** 32 - 1
/** MLRun from 1.6 on puts an empty bin before and behind the others, which ends at the largest double. */
const PADDING = Number.MAX_VALUE

/**
 * The reference of an endpoint from its record's attribute `feature_stats`.
 *
 * @param text  JSON: per column {count, mean, std, min, max, hist: [counts, edges]} for numbers and bools,
 *              {count, unique, top, freq} for texts, which may have `categories: [counts, texts]` too;
 *              Python's tokens NaN and Infinity count as null. Undefined or '': the record has none.
 * @returns     never throws: what cannot be read is unknown, with a reason
 * Source: MLRun `DFDataInfer.get_stats`; numpy.histogram for the meaning of the edges.
 */
export function parseReference(text: string | undefined): Reference {
  if (text === undefined || text === '') return { kind: 'unknown', reason: 'absent' }
  const stats = parseJson(text)
  if (stats === undefined) return { kind: 'unknown', reason: 'not-json' }
  if (!isObject(stats)) return { kind: 'unknown', reason: 'not-an-object' }
  const columns = Object.entries(stats)
  if (columns.length === 0) return { kind: 'unknown', reason: 'no-features' }
  if (columns.length > FEATURES_MAX) return { kind: 'unknown', reason: 'too-many' }
  const allRows = rowsOf(columns.map(([, column]) => column))
  const edges: number[] = []
  const counts: number[] = []
  const features = columns.map(([name, column]): Feature => {
    const read = readColumn(column)
    if (typeof read === 'string') return { kind: 'unknown', name, reason: read }
    const missingRows = allRows === null ? null : Math.max(0, allRows - read.rows)
    const place = { name, missingRows, firstBin: counts.length, firstEdge: edges.length }
    counts.push(...read.counts)
    if (read.kind === 'categorical') return categoricalAt(read, place)
    if (read.isEven) edges.push(...read.edges.slice(0, 1), ...read.edges.slice(-1))
    else edges.push(...read.edges)
    return numericAt(read, place)
  })
  return {
    kind: 'known',
    features,
    edges: Float64Array.from(edges),
    counts: Uint32Array.from(counts),
  }
}

/** Rows of the training set: numbers have a histogram only if none is missing, so one such column tells. */
function rowsOf(columns: readonly unknown[]): number | null {
  const isWhole = columns.some((column) => isObject(column) && 'hist' in column)
  return isWhole ? Math.max(0, ...columns.map(countOf)) : null
}

interface Place {
  readonly name: string
  readonly missingRows: number | null
  readonly firstBin: number
  readonly firstEdge: number
}

// Field by field: an object that was spread together takes more memory, and every row reads these.
function numericAt(read: ReadNumbers, place: Place): NumericFeature {
  return {
    kind: 'numeric',
    name: place.name,
    rows: read.rows,
    missingRows: place.missingRows,
    hasHistogram: read.hasHistogram,
    binCount: read.binCount,
    firstBin: place.firstBin,
    firstEdge: place.firstEdge,
    mean: read.mean,
    scale: read.scale,
    isConstant: read.isConstant,
    isEven: read.isEven,
  }
}

function categoricalAt(read: ReadTexts, place: Place): CategoricalFeature {
  return {
    kind: 'categorical',
    name: place.name,
    rows: read.rows,
    missingRows: place.missingRows,
    categories: read.categories,
    binCount: read.binCount,
    firstBin: place.firstBin,
    uniqueCount: read.uniqueCount,
    isComplete: read.isComplete,
  }
}

/** Edges of a numeric feature, binCount + 1 of them. */
export function edgesOf(reference: KnownReference, feature: NumericFeature): Float64Array {
  const { firstEdge, binCount, isEven } = feature
  if (!isEven) return reference.edges.subarray(firstEdge, firstEdge + binCount + 1)
  const [least = 0, most = 0] = reference.edges.subarray(firstEdge, firstEdge + 2)
  return evenEdges(least, most, binCount)
}

/** Training rows per bin or category. */
export function countsOf(reference: KnownReference, feature: KnownFeature): Uint32Array {
  return reference.counts.subarray(feature.firstBin, feature.firstBin + feature.binCount)
}

type ReadNumbers = Omit<NumericFeature, keyof Place> & {
  readonly counts: readonly number[]
  readonly edges: readonly number[]
}
type ReadTexts = Omit<CategoricalFeature, keyof Place> & { readonly counts: readonly number[] }
type ReadColumn = ReadNumbers | ReadTexts

function readColumn(column: unknown): ReadColumn | FeatureReason {
  if (!isObject(column)) return 'not-an-object'
  const rows = countOf(column)
  if ('hist' in column) return readHistogram(column)
  if ('categories' in column || 'top' in column)
    return rows < 1 ? 'no-rows' : readTexts(column, rows)
  // A column with missing values has no histogram, but a range.
  const { min, max } = column
  if (!isNumber(min) || !isNumber(max) || !(min < max)) return 'no-histogram'
  if (rows < 2) return 'no-rows'
  return numeric(column, { counts: [rows], edges: [min, max], hasHistogram: false })
}

function readHistogram(column: Column): ReadColumn | FeatureReason {
  const { hist } = column
  if (!Array.isArray(hist) || hist.length !== 2) return 'bad-histogram'
  const [counts, edges] = hist.map((list: unknown) => (Array.isArray(list) ? [...list] : null))
  if (!counts || !edges || counts.length === 0) return 'bad-histogram'
  if (edges.length !== counts.length + 1) return 'bad-histogram'
  if (isPadded(counts, edges)) {
    for (const list of [counts, edges]) list.splice(0, 1)
    for (const list of [counts, edges]) list.pop()
  }
  if (counts.length > BINS_MAX) return 'bad-histogram'
  if (!counts.every(isRowCount)) return 'bad-counts'
  if (!edges.every(isNumber)) return 'bad-edges'
  if (!edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? edge)))
    return 'edges-not-increasing'
  const sum = counts.reduce((total, count) => total + count, 0)
  if (sum === 0) return 'no-rows'
  if (sum > ROWS_MAX || ('count' in column && countOf(column) !== sum)) return 'count-mismatch'
  return numeric(column, { counts, edges, hasHistogram: true })
}

function isPadded(counts: readonly unknown[], edges: readonly unknown[]): boolean {
  const areEmpty = counts.length > 2 && counts[0] === 0 && counts.at(-1) === 0
  return areEmpty && edges[0] === -PADDING && edges.at(-1) === PADDING
}

function numeric(
  column: Column,
  { counts, edges, hasHistogram }: { counts: number[]; edges: number[]; hasHistogram: boolean },
): ReadColumn | FeatureReason {
  const range = (edges.at(-1) ?? 0) - (edges[0] ?? 0)
  const rows = counts.reduce((total, count) => total + count, 0)
  const fromBins = momentsOfBins(counts, edges)
  const { mean, std, min, max } = column
  const isConstant = isNumber(min) && min === max
  // Rows outside the training range are told by the edges, so these must hold it.
  if (isNumber(min) && min < (edges[0] ?? min)) return 'bad-edges'
  if (isNumber(max) && max > (edges.at(-1) ?? max)) return 'bad-edges'
  const sigma = isNumber(std) && std >= 0 && std <= range ? std : fromBins.std
  const scale = sigma > 0 && !isConstant ? sigma : range
  if (!isNumber(range) || !isNumber(1 / scale)) return 'bad-edges'
  return {
    kind: 'numeric',
    rows,
    hasHistogram,
    binCount: counts.length,
    mean: isNumber(mean) ? mean : fromBins.mean,
    scale,
    isConstant,
    isEven: areEven(edges),
    counts,
    edges,
  }
}

/** Mean and standard deviation as if each row lay in the middle of its bin. */
function momentsOfBins(
  counts: readonly number[],
  edges: readonly number[],
): { readonly mean: number; readonly std: number } {
  const rows = counts.reduce((total, count) => total + count, 0)
  const middle = (bin: number): number => (edges[bin] ?? 0) / 2 + (edges[bin + 1] ?? 0) / 2
  const mean = counts.reduce((sum, count, bin) => sum + (count / rows) * middle(bin), 0)
  const square = counts.reduce(
    (sum, count, bin) => sum + (count / rows) * (middle(bin) - mean) ** 2,
    0,
  )
  return { mean, std: Math.sqrt(square) }
}

/** Counts of every text, or only the most frequent one and how many there were. */
function readTexts(column: Column, rows: number): ReadColumn | FeatureReason {
  const { categories: given, top, freq, unique } = column
  const [counts, texts] = Array.isArray(given) ? given : [[freq], [top]]
  if (!Array.isArray(counts) || !Array.isArray(texts)) return 'bad-categories'
  if (counts.length !== texts.length || texts.length === 0) return 'bad-categories'
  if (!texts.every((text) => typeof text === 'string')) return 'bad-categories'
  if (new Set(texts).size !== texts.length) return 'bad-categories'
  if (!counts.every((count) => isRowCount(count) && count > 0)) return 'bad-counts'
  const sum = counts.reduce((total: number, count: number) => total + count, 0)
  const uniqueCount = isRowCount(unique) ? unique : texts.length
  const isWhole = sum === rows && uniqueCount === texts.length
  if (sum > rows || uniqueCount > rows || uniqueCount < texts.length) return 'count-mismatch'
  return {
    kind: 'categorical',
    rows,
    categories: texts.slice(0, CATEGORIES_MAX),
    binCount: Math.min(texts.length, CATEGORIES_MAX),
    // Without `unique`, each row that is not listed may be a text of its own.
    uniqueCount: isRowCount(unique) ? unique : texts.length + rows - sum,
    isComplete: isWhole && texts.length <= CATEGORIES_MAX,
    counts: counts.slice(0, CATEGORIES_MAX),
  }
}

type Column = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Column {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isRowCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= ROWS_MAX
}

function countOf(column: unknown): number {
  const count = isObject(column) ? column['count'] : 0
  return isRowCount(count) ? count : 0
}

/** Python writes NaN and the infinities as they are; texts are passed over. Undefined if it is no JSON. */
function parseJson(text: string): unknown {
  const mended = /NaN|Infinity/.test(text)
    ? text.replace(/"(?:[^"\\]|\\.)*"|NaN|-?Infinity/g, (part) => (part[0] === '"' ? part : 'null'))
    : text
  try {
    return JSON.parse(mended)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
