// One row of a call: its names, its values, or why it is rejected (SEMANTICS.md sections 4.1, 5, 10).
import type { CallBody } from './slow-event.ts'
import type { Cell, ColumnType, Reason, Rejected, SlowEndpoint } from './slow-parts.ts'
import { isObject, isRejected } from './slow-parts.ts'

/** A row that can be accepted, with the names and types that its endpoint has from then on. */
export interface ReadRow {
  readonly featureNames: readonly string[]
  readonly featureTypes: readonly (ColumnType | null)[]
  readonly features: readonly Cell[]
  readonly labelNames: readonly string[]
  readonly predictionType: ColumnType | null
  readonly prediction: readonly Cell[] | null
}

/** Reads row `index` of a call. Changes nothing: a rejected row must not name or type a column. */
export function readRow(endpoint: SlowEndpoint, body: CallBody, index: number): ReadRow | Rejected {
  if (index >= body.outputs.length) return { reason: 'no-output' }
  const named = nameValues(endpoint.featureNames, body.inputs[index], body.inputSchema)
  if (isRejected(named)) return named
  const features: Cell[] = []
  const featureTypes: (ColumnType | null)[] = []
  for (const [position, raw] of named.values.entries()) {
    // NaN and the infinities are missing values of a feature.
    const value = typeof raw === 'number' && !Number.isFinite(raw) ? null : raw
    const read = readCell(value, endpoint.featureTypes[position] ?? null)
    if (isRejected(read)) return read
    features.push(read.cell)
    featureTypes.push(read.type)
  }

  const output = body.outputs[index] ?? null
  const outputValues: readonly unknown[] = Array.isArray(output) ? output : [output]
  const prediction: Cell[] = []
  let predictionType = endpoint.predictionType
  for (const value of outputValues) {
    const read = readCell(value, predictionType)
    if (isRejected(read)) return read
    prediction.push(read.cell)
    predictionType = read.type
  }
  const width = output === null ? 0 : prediction.length
  return {
    featureNames: named.names,
    featureTypes,
    features,
    labelNames: labelNamesFor(endpoint.labelNames, width, body.outputSchema),
    predictionType,
    prediction: output === null ? null : prediction,
  }
}

/** The values of a row in the order of the feature names, which the first row settles. */
function nameValues(
  known: readonly string[] | null,
  input: unknown,
  schema: unknown,
): { readonly names: readonly string[]; readonly values: readonly unknown[] } | Rejected {
  if (Array.isArray(input)) {
    const names = known ?? schemaNames(schema, input.length) ?? numbered('f', input.length)
    return names.length === input.length ? { names, values: input } : { reason: 'row-length' }
  }
  if (isObject(input)) {
    const keyCount = Object.keys(input).length
    const names = known ?? schemaNames(schema, keyCount)
    if (names === null || names.some((name) => !Object.hasOwn(input, name))) {
      return { reason: 'wrong-type' }
    }
    if (names.length !== keyCount) return { reason: 'row-length' }
    return { names, values: names.map((name) => input[name]) }
  }
  return { reason: 'wrong-type' }
}

/** As many as the widest prediction so far. */
function labelNamesFor(
  known: readonly string[],
  width: number,
  schema: unknown,
): readonly string[] {
  if (width <= known.length) return known
  const given = known.length === 0 ? schemaNames(schema, width) : null
  return given ?? [...known, ...numbered('p', width).slice(known.length)]
}

function schemaNames(schema: unknown, count: number): readonly string[] | null {
  if (!Array.isArray(schema) || schema.length !== count) return null
  return schema.every((name) => typeof name === 'string') ? schema : null
}

function numbered(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index}`)
}

/** A value as its column has it. A column is a text column if its first value is a text. */
function readCell(
  value: unknown,
  known: ColumnType | null,
): { readonly cell: Cell; readonly type: ColumnType | null } | Rejected {
  if (value === null || value === undefined) return { cell: null, type: known }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return { reason: 'nested-value' satisfies Reason }
  }
  const type = known ?? (typeof value === 'string' ? 'text' : 'number')
  if (type === 'text') return { cell: String(value), type }
  return typeof value === 'string' ? { reason: 'text-for-number' } : { cell: Number(value), type }
}
