import { cleanName } from '../stream/compute/clean-name.ts'
import { StreamError } from '../stream/errors.ts'
import { ColumnScan } from './column-scan.ts'
import { createTally } from './column-tally.ts'
import { BIN_COUNT } from './histogram.ts'
import { featureNamesOf, type TrainingProfile } from './training-profile.ts'
import type { Cell, TrainingTable } from './training-table.ts'

/**
 * What a record says of a training set. The table is read twice, first for types and ranges, then for
 * what they decide, so that memory does not grow with its rows (but with the different texts of a
 * column).
 *
 * @param labelColumns  names of label columns as the file or the record spells them
 * @param binCount      bins of a histogram; 20 in all records
 * @throws StreamError `bad-input-file`
 * Source: MLRun 0.6.2, `DFDataInfer.get_stats`.
 */
export async function profileTable(
  table: TrainingTable,
  {
    labelColumns = [],
    binCount = BIN_COUNT,
  }: { readonly labelColumns?: readonly string[]; readonly binCount?: number } = {},
): Promise<TrainingProfile> {
  const { columnNames, hasTypes } = table
  const names = cleanNames(columnNames)
  const labelNames = [...new Set(labelColumns.map((label) => findLabel(label, columnNames, names)))]
  const scans = names.map(() => new ColumnScan({ hasTypes }))
  const rowCount = await readColumns(table, scans)
  if (rowCount === 0) throw badFile('The training set has no rows: it needs at least one.')
  const scanned = scans.map((scan) => scan.result())
  const isMeasurable = names.some((name, index) => {
    const { kind = 'text', count = 0 } = scanned[index] ?? {}
    return kind !== 'text' && count > 0 && !labelNames.includes(name)
  })
  if (!isMeasurable) {
    const beside = labelNames.length > 0 ? ' beside its labels' : ''
    throw badFile(
      `The training set has no column of numbers${beside}: drift is measured on numbers, so name another file.`,
    )
  }
  const tallies = scanned.map((one, index) =>
    createTally(one, { name: columnNames[index] ?? '', binCount }),
  )
  const again = await readColumns(table, tallies)
  if (again !== rowCount) {
    throw badFile('The training set changed while it was read: call this again when it is whole.')
  }
  const columns = tallies.map((tally, index) => ({
    name: names[index] ?? '',
    stats: tally.stats(),
  }))
  return checked({ columns, labelNames })
}

function checked(profile: TrainingProfile): TrainingProfile {
  if (featureNamesOf(profile).length > 0) return profile
  throw badFile('All columns of the training set are labels: a model needs features too.')
}

/** Gives each column its values, and counts the rows. */
async function readColumns(
  table: TrainingTable,
  columns: readonly { add(cell: Cell): void }[],
): Promise<number> {
  let rowCount = 0
  await table.read((cells) => {
    rowCount++
    for (let index = 0; index < columns.length; index++) columns[index]?.add(cells[index] ?? null)
  })
  return rowCount
}

/** Names as the record has them, which must differ as well. */
function cleanNames(columnNames: readonly string[]): readonly string[] {
  const origin = new Map<string, string>()
  for (const name of columnNames) {
    const clean = cleanName(name)
    const other = origin.get(clean)
    if (clean === '') {
      throw badFile(`The column ${JSON.stringify(name)} has no letters in its name: rename it.`)
    }
    if (other !== undefined) {
      throw badFile(
        `The columns ${JSON.stringify(other)} and ${JSON.stringify(name)} would both be called ` +
          `${JSON.stringify(clean)} in the record: rename one.`,
      )
    }
    origin.set(clean, name)
  }
  return [...origin.keys()]
}

function findLabel(
  label: string,
  columnNames: readonly string[],
  names: readonly string[],
): string {
  const index = columnNames.indexOf(label)
  const name = index >= 0 ? names[index] : names.find((one) => one === label)
  if (name !== undefined) return name
  const shown = columnNames.slice(0, 10).map((one) => JSON.stringify(one))
  const more = columnNames.length > shown.length ? ', ...' : ''
  throw badFile(
    `The label column ${JSON.stringify(label)} is not in the training set: it has ${shown.join(', ')}${more}.`,
  )
}

function badFile(sentence: string): StreamError {
  return new StreamError('bad-input-file', sentence)
}
