import { type Column, columnRows, type Frame, frameRows, msOf } from './frames-types.ts'

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Why a frame must not be sent, as one sentence; null when it may. Columns that are not as long as the
 * others end framesd.
 */
export function frameComplaint(frame: Frame): string | null {
  const { columns, indices, labels, nulls } = frame
  const rowCount = frameRows(frame)
  const names = new Set<string>()
  for (const column of [...columns, ...indices]) {
    const own = columnRows(column)
    const name = JSON.stringify(column.name)
    if (own !== rowCount) return `Column ${name} has ${own} rows, and the frame ${rowCount}`
    if (names.has(column.name)) return `Column ${name} is there twice`
    if (!column.name.isWellFormed()) return `Column ${name} has half a surrogate pair in its name`
    names.add(column.name)
    const complaint = valueComplaint(column)
    if (complaint !== null) return `Column ${name} ${complaint}`
  }
  if (nulls !== undefined && nulls.length !== rowCount) {
    return `There are ${nulls.length} sets of nulls for ${rowCount} rows`
  }
  for (const [name, value] of labels ?? []) {
    const isSound = typeof value === 'string' ? value.isWellFormed() : isInt64OrOther(value)
    if (!isSound || !name.isWellFormed()) {
      return `Label ${JSON.stringify(name)} is no Unicode, or not of 64 bits`
    }
  }
  return rowCount === 0 ? 'The frame has no rows' : null
}

function valueComplaint({ data, constantRows }: Column): string | null {
  if (constantRows !== undefined && data.type !== 'null' && data.values.length !== 1) {
    return `holds ${data.values.length} values for a constant`
  }
  if (data.type === 'timeMs') {
    const isTime = (ms: number): boolean => Number.isSafeInteger(ms) && Math.abs(ms) < TIME_MS_MAX
    return data.values.every(isTime) ? null : 'has a time that is not in whole ms'
  }
  if (data.type === 'int' && !(data.values instanceof BigInt64Array)) {
    return data.values.every(isInt64) ? null : 'has a number that is not whole, or not of 64 bits'
  }
  if (data.type === 'timeNs' && !(data.values instanceof BigInt64Array)) {
    return data.values.every(isInt64) ? null : 'has a time that is not of 64 bits'
  }
  if (data.type === 'string') {
    return data.values.every((text) => text.isWellFormed())
      ? null
      : 'has text with half a surrogate pair'
  }
  return null
}

/** 64 bits of nanoseconds end in the year 2262. */
const TIME_MS_MAX = 2 ** 63 / 1e6

function isInt64OrOther(value: number | bigint | boolean): boolean {
  return typeof value !== 'bigint' || isInt64(value)
}

function isInt64(value: number | bigint): boolean {
  return typeof value === 'bigint'
    ? BigInt.asIntN(64, value) === value
    : Number.isSafeInteger(value)
}

/**
 * Why a frame must not be written to a time series table, beyond `frameComplaint`; null when it may.
 * What is refused here ends framesd, fails the whole frame, or is read back as something else.
 */
export function tsdbFrameComplaint({ columns, indices, labels, nulls }: Frame): string | null {
  const times = indices.filter(({ data }) => isTime(data.type))
  const [time] = times
  if (time === undefined || times.length > 1) {
    return `There are ${times.length} time indices, and must be one`
  }
  if (columns.length === 0) return 'There is no column'
  if (nulls?.some(({ size }) => size > 0)) return 'A cell without a value would be stored as 0'
  const names = new Set<string>()
  for (const { name, data } of columns) {
    const shown = JSON.stringify(name)
    if (!METRIC.test(name)) return `${shown} is not the name of a metric (${METRIC.source})`
    if (isTime(data.type) || data.type === 'null')
      return `Metric ${shown} has the type ${data.type}`
    names.add(name)
  }
  const labelValues = [
    ...indices.filter((index) => index !== time).map(({ name, data }) => ({ name, data })),
    ...[...(labels ?? [])].map(([name, value]) => ({
      name,
      data: { type: 'string', values: [String(value)] } as const,
    })),
  ]
  for (const { name, data } of labelValues) {
    // A label that is there twice hides the other, and without any framesd ends.
    if (names.has(name)) return `${JSON.stringify(name)} is there twice, as a label or a metric`
    names.add(name)
    if (data.type === 'null') return `Label ${JSON.stringify(name)} has no values`
    const complaint = labelComplaint(name, data.type === 'string' ? data.values : [])
    if (complaint !== null) return complaint
  }
  return timeComplaint(time, indices.length === 1)
}

/** Years that the time series takes. */
const TSDB_MS_END = Date.UTC(2262, 3, 1)

function timeComplaint({ data }: Column, isOnlyIndex: boolean): string | null {
  let last = Number.NEGATIVE_INFINITY
  const times = data.type === 'timeMs' || data.type === 'timeNs' ? data.values : []
  for (const time of times) {
    const atMs = typeof time === 'bigint' ? msOf(time) : time
    if (atMs < 0 || atMs >= TSDB_MS_END) return 'A time is before 1970 or after 2262'
    // With labels framesd sorts the rows of a series itself.
    if (isOnlyIndex && atMs < last) return 'Rows without labels are not in order of time'
    last = atMs
  }
  return null
}

/**
 * The same for a KV table, whose columns are attributes.
 *
 * @param saveMode  `updateItem` writes by an expression, which a quote in a text breaks
 */
export function kvFrameComplaint({ columns, indices }: Frame, saveMode: string): string | null {
  if (indices.length === 0) return 'There is no index for the key'
  for (const { name, data } of [...columns, ...indices]) {
    const shown = JSON.stringify(name)
    if (!LABEL.test(name)) return `${shown} is not the name of an attribute (${LABEL.source})`
    const hasQuote = data.type === 'string' && data.values.some((text) => text.includes("'"))
    if (saveMode === 'updateItem' && hasQuote) return `A text of ${shown} has a quote`
  }
  return null
}

function isTime(type: string): boolean {
  return type === 'timeMs' || type === 'timeNs'
}

function labelComplaint(name: string, values: readonly string[]): string | null {
  const shown = JSON.stringify(name)
  if (!LABEL.test(name) || name.startsWith('__')) {
    return `${shown} is not the name of a label (${LABEL.source}, no __ in front)`
  }
  if (name === 'time') return 'A label called "time" cannot be read back'
  let last: string | null = null
  for (const value of values) {
    if (value === last) continue
    last = value
    if (value === '') return `Label ${shown} has an empty value`
    if (/[',=]/.test(value)) {
      return `Label ${shown} has the value ${JSON.stringify(value)}, with a quote, a comma or an equals sign`
    }
  }
  return null
}
