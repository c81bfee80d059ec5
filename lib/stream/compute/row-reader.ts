import type { Reason, Rejection } from '../accept/rejection.ts'
import type { ValueKind } from '../ports.ts'
import type { EndpointSchema, RowShape } from './endpoint-schema.ts'

/** What a row may hold at most. */
export interface RowBounds {
  readonly featuresMax: number
  readonly textCharsMax: number
}

/** Where a row stands in its call. */
export interface RowPlace {
  readonly row: number
  readonly inputNames: readonly string[] | null
  readonly outputNames: readonly string[] | null
}

type Values = readonly unknown[]

/**
 * Reads one row, its features and its prediction, into numbers and texts by the endpoint's names and
 * types. One reader is used for row after row: its fields hold the row that was read last.
 */
export class RowReader {
  /** One per field of the schema; NaN = missing, or a text. */
  features = new Float64Array(64)
  /** One per field; null = missing, or a number. */
  featureTexts: (string | null)[] = []
  /** The prediction's values as numbers or, if the schema says so, as texts; null = missing. */
  predictions: (number | string | null)[] = []
  /** Whether the whole prediction is null. */
  isPredictionNull = false
  /** The field of the value for which the last row was refused as a text among numbers; -1 for none. */
  refusedField = -1
  readonly #bounds: RowBounds

  constructor(bounds: RowBounds) {
    this.#bounds = bounds
  }

  /**
   * Reads a row; the first one of an endpoint may name and type its columns. A row that is refused
   * leaves names and types as they were.
   *
   * @returns  null if the row is taken, else why it is not
   */
  read(schema: EndpointSchema, input: unknown, output: unknown, place: RowPlace): Rejection | null {
    if (this.readPlain(schema.shape, input, output)) return null
    return this.#readAny(schema, { input, output, place })
  }

  /**
   * Reads a row as nearly every one is: numbers alone, one number predicted, nothing left to decide.
   *
   * @returns  false for any other, which `read` is for
   */
  readPlain({ plainWidth, predictsNumbers }: RowShape, input: unknown, output: unknown): boolean {
    if (typeof output !== 'number' || !predictsNumbers) return false
    if (!this.#copyNumbers(plainWidth, input)) return false
    this.isPredictionNull = false
    this.predictions.length = 1
    this.predictions[0] = Number.isFinite(output) ? output : null
    return true
  }

  /** Copies a row of so many numbers; false if it is anything else. */
  #copyNumbers(width: number, input: unknown): boolean {
    if (!Array.isArray(input) || input.length !== width) return false
    if (this.features.length < width) this.features = new Float64Array(width * 2)
    const { features } = this
    if (this.featureTexts.length > 0) this.featureTexts = []
    for (let index = 0; index < width; index++) {
      const value: unknown = input[index]
      if (typeof value !== 'number') return false
      features[index] = Number.isFinite(value) ? value : Number.NaN
    }
    return true
  }

  #readAny(
    schema: EndpointSchema,
    { input, output, place }: { input: unknown; output: unknown; place: RowPlace },
  ): Rejection | null {
    this.refusedField = -1
    const inputPath = `request.inputs[${place.row}]`
    const outputPath = `resp.outputs[${place.row}]`
    const refuse = (reason: Reason, path: string): Rejection => ({ reason, path, row: place.row })
    if (output === undefined) return refuse('no-output', outputPath)
    const outputs: Values = Array.isArray(output) ? output : [output]
    if (outputs.length > this.#bounds.featuresMax) return refuse('too-many', outputPath)
    const names = namesOfRow(schema, input, place.inputNames)
    const values = names === null ? null : valuesOfRow(input, names)
    if (names === null) return refuse('row-not-a-list', inputPath)
    // A row without values names nothing, and would fix the columns at none.
    if (names.length === 0) return refuse('row-length', inputPath)
    if (values === null) return refuse(Array.isArray(input) ? 'row-length' : 'row-names', inputPath)
    if (values.length > this.#bounds.featuresMax) return refuse('too-many', inputPath)
    const featureProblem = this.#checkValues(values, (index) => {
      const field = schema.inputFields[index]
      return field === undefined ? null : (schema.kinds[field] ?? null)
    })
    if (featureProblem) {
      if (featureProblem.reason === 'text-for-number') {
        this.refusedField = schema.inputFields[featureProblem.index] ?? -1
      }
      return refuse(featureProblem.reason, `${inputPath}[${featureProblem.index}]`)
    }
    const predictionKind = schema.predictionKind ?? kindOfFirst(outputs)
    const outputProblem = this.#checkValues(outputs, () => predictionKind)
    if (outputProblem) return refuse(outputProblem.reason, `${outputPath}[${outputProblem.index}]`)
    if (schema.featureNames.length === 0) schema.nameFeatures(names)
    this.#takeFeatures(schema, values)
    this.#takePrediction(schema, { output, outputs, kind: predictionKind, place })
    return null
  }

  /** The first value that does not fit; the types are asked for by index, null = undecided. */
  #checkValues(
    values: Values,
    kindAt: (index: number) => ValueKind | null,
  ): { readonly index: number; readonly reason: Reason } | null {
    for (let index = 0; index < values.length; index++) {
      const value = values[index]
      if (typeof value === 'number' || typeof value === 'boolean' || value === null) continue
      if (typeof value !== 'string') return { index, reason: 'nested-value' }
      if (kindAt(index) === 'double') return { index, reason: 'text-for-number' }
      if (value.length > this.#bounds.textCharsMax) return { index, reason: 'too-long' }
    }
    return null
  }

  #takeFeatures(schema: EndpointSchema, values: Values): void {
    const count = schema.fields.length
    if (this.features.length < count) this.features = new Float64Array(count * 2)
    this.features.fill(Number.NaN, 0, count)
    this.featureTexts.length = count
    this.featureTexts.fill(null)
    const { inputFields, kinds } = schema
    let decided: (ValueKind | null)[] | null = null
    for (let index = 0; index < values.length; index++) {
      const field = inputFields[index] ?? 0
      const value = values[index]
      const known = kinds[field] ?? null
      const kind = known ?? kindOf(value)
      if (known === null && kind !== null) {
        decided ??= []
        decided[field] = kind
      }
      if (kind === 'text') this.featureTexts[field] = textOf(value)
      else this.features[field] = numberOf(value)
    }
    if (decided !== null) schema.decideKinds(decided)
  }

  #takePrediction(
    schema: EndpointSchema,
    prediction: { output: unknown; outputs: Values; kind: ValueKind | null; place: RowPlace },
  ): void {
    const { output, outputs, kind, place } = prediction
    this.isPredictionNull = output === null
    if (kind !== null && schema.predictionKind === null) schema.decidePredictionKind(kind)
    schema.nameLabels(place.outputNames, outputs.length)
    this.predictions = outputs.map((value) => {
      if (kind === 'text') return textOf(value)
      const number = numberOf(value)
      return Number.isNaN(number) ? null : number
    })
  }
}

/** The names that a row's values go by; null if the row is nothing that has values. */
function namesOfRow(
  schema: EndpointSchema,
  input: unknown,
  inputNames: readonly string[] | null,
): readonly string[] | null {
  if (typeof input !== 'object' || input === null) return null
  if (schema.featureNames.length > 0) return schema.featureNames
  if (!Array.isArray(input)) return Object.keys(input)
  if (inputNames !== null && inputNames.length === input.length) return inputNames
  return input.map((_, index) => `f${index}`)
}

/** A list by position, an object by name; null if it has other values than the names say. */
function valuesOfRow(input: unknown, names: readonly string[]): Values | null {
  if (Array.isArray(input)) return input.length === names.length ? input : null
  const row = input as Readonly<Record<string, unknown>>
  if (Object.keys(row).length !== names.length) return null
  return names.every((name) => Object.hasOwn(row, name)) ? names.map((name) => row[name]) : null
}

function kindOfFirst(values: Values): ValueKind | null {
  for (const value of values) {
    const kind = kindOf(value)
    if (kind !== null) return kind
  }
  return null
}

/** A missing value decides nothing. */
function kindOf(value: unknown): ValueKind | null {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'double'
  return typeof value === 'number' && Number.isFinite(value) ? 'double' : null
}

/** NaN and the infinities are missing values too. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN
  return typeof value === 'boolean' ? Number(value) : Number.NaN
}

/** A number fits a text column, spelled as JavaScript spells it. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}
