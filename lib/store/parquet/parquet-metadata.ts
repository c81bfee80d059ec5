import type { Claim } from '../../stream/ports.ts'
import { ROW } from '../../stream/ports.ts'

const PREFIX = 'model-monitoring.'

/** What the metadata is made of. */
export interface FileRows {
  readonly claim: Claim
  readonly rowCount: number
  readonly featureNames: readonly string[]
  readonly numbers: Float64Array
}

/**
 * Key-value metadata of a file, in the order in which it is written. All values are decimal texts
 * but for the names: `.format` (1), `.log`, `.endpoint`, `.hour` (since 1970 UTC), `.number`,
 * `.first_offset`, `.last_offset` (the claimed range, both included), `.rows`, and `.offsets`: the
 * offset of every row, in the order of the rows, as `formatOffsets` writes them.
 */
export function fileMetadata({ claim, rowCount, featureNames, numbers }: FileRows) {
  const stride = ROW.features + featureNames.length
  const offsets = new Float64Array(rowCount)
  for (let row = 0; row < rowCount; row++) {
    offsets[row] = numbers[row * stride + ROW.offset] ?? Number.NaN
  }
  return new Map([
    [`${PREFIX}format`, '1'],
    [`${PREFIX}log`, claim.log],
    [`${PREFIX}endpoint`, claim.endpointId],
    [`${PREFIX}hour`, String(claim.hour)],
    [`${PREFIX}number`, String(claim.number)],
    [`${PREFIX}first_offset`, String(claim.firstOffset)],
    [`${PREFIX}last_offset`, String(claim.lastOffset)],
    [`${PREFIX}rows`, String(rowCount)],
    [`${PREFIX}offsets`, formatOffsets(offsets)],
  ])
}

/** What a file's metadata says. */
export interface FileMetadata {
  readonly claim: Claim
  readonly rowCount: number
  readonly runs: readonly OffsetRun[]
}

/**
 * The reverse of `fileMetadata`; null for a file that is none of ours.
 *
 * @throws RangeError for what no writer of ours has written
 */
export function readFileMetadata(pairs: ReadonlyMap<string, string>): FileMetadata | null {
  const format = pairs.get(`${PREFIX}format`)
  if (format === undefined) return null
  if (format !== '1')
    throw new RangeError(`Its format is ${format}, which only a newer release knows`)
  const text = (name: string): string => {
    const value = pairs.get(`${PREFIX}${name}`)
    if (value === undefined) throw new RangeError(`Its metadata has no ${name}`)
    return value
  }
  const number = (name: string): number => {
    const value = text(name)
    if (!/^-?\d{1,15}$/.test(value)) throw new RangeError(`Its ${name} is no number: ${value}`)
    return Number(value)
  }
  return {
    claim: {
      log: text('log'),
      endpointId: text('endpoint'),
      hour: number('hour'),
      number: number('number'),
      firstOffset: number('first_offset'),
      lastOffset: number('last_offset'),
    },
    rowCount: number('rows'),
    runs: parseOffsetRuns(text('offsets')),
  }
}

/**
 * The offsets of rows as a short text. Items between commas: `17` one row of offset 17; `17-30` the
 * offsets 17, 18, ... 30, one row each; `32x3` three rows of offset 32; `40-49x2` the offsets 40 to
 * 49, two rows each. Reading the items in order gives the rows in order.
 */
export function formatOffsets(offsets: ArrayLike<number>): string {
  const items: string[] = []
  let run: (OffsetRun & { last: number }) | null = null
  for (let row = 0; row < offsets.length; ) {
    const offset = offsets[row] ?? 0
    const start = row
    while (row < offsets.length && offsets[row] === offset) row++
    const rowCount = row - start
    if (run !== null && offset === run.last + 1 && rowCount === run.rowCount) {
      run.last = offset
      continue
    }
    if (run !== null) items.push(formatRun(run))
    run = { first: offset, last: offset, rowCount }
  }
  if (run !== null) items.push(formatRun(run))
  return items.join(',')
}

/** The offsets of the rows, in order: the reverse of `formatOffsets`. Throws at other texts. */
export function parseOffsets(text: string): number[] {
  return parseOffsetRuns(text).flatMap(({ first, last, rowCount }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index).flatMap((offset) =>
      new Array<number>(rowCount).fill(offset),
    ),
  )
}

/** The same, run by run. */
export function parseOffsetRuns(text: string): OffsetRun[] {
  if (text === '') return []
  return text.split(',').map((item) => {
    const match = /^(\d+)(?:-(\d+))?(?:x(\d+))?$/.exec(item)
    if (match === null) throw new RangeError(`Not a range of offsets: ${item}.`)
    const [, first, last = first, rowCount = '1'] = match
    return { first: Number(first), last: Number(last), rowCount: Number(rowCount) }
  })
}

/** Consecutive offsets, both included, that have as many rows each. */
export interface OffsetRun {
  readonly first: number
  readonly last: number
  /** Rows of each offset. */
  readonly rowCount: number
}

function formatRun({ first, last, rowCount }: OffsetRun): string {
  const range = first === last ? String(first) : `${first}-${last}`
  return rowCount === 1 ? range : `${range}x${rowCount}`
}
