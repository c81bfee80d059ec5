import assert from 'node:assert'
import { isJsonObject, type JsonObject } from '../accept/event.ts'
import { tryParseJson } from '../accept/parse-json.ts'
import type { StoredRecord, ValueKind } from '../ports.ts'
import { SharedLists } from './shared-lists.ts'

/** A schema as plain values. */
export type SchemaState = readonly [
  names: readonly [
    fields: readonly string[],
    kinds: readonly (ValueKind | null)[],
    featureNames: readonly string[],
    labelNames: readonly string[],
    predictionKind: ValueKind | null,
  ],
  record: readonly [hasFeatures: boolean, hasLabels: boolean],
]

/** Names that belong into an endpoint's record; null where it has its own. */
export interface NamesForRecord {
  readonly features: readonly string[] | null
  readonly labels: readonly string[] | null
}

/** Columns of an endpoint's rows. A column that had no value yet counts as one of numbers. */
export interface RowColumns {
  readonly featureNames: readonly string[]
  readonly featureKinds: readonly ValueKind[]
  readonly predictionKind: ValueKind
}

/** How rows are read. Endpoints whose names and types are alike have the same, which therefore is never far. */
export interface RowShape {
  /**
   * Values of a row if all of them are numbers and stand in the order of the fields, so that they can
   * be copied one by one; -1 for any other row.
   */
  readonly plainWidth: number
  /** Whether predictions are numbers, and named. */
  readonly predictsNumbers: boolean
  readonly columns: RowColumns
}

/** Of an endpoint that has neither names nor types yet. */
export const NO_SHAPE: RowShape = {
  plainWidth: -1,
  predictsNumbers: false,
  columns: { featureNames: [], featureKinds: [], predictionKind: 'double' },
}

const SHARED_LISTS = 10_000
const sharedNames = new SharedLists<string>(SHARED_LISTS)
const sharedKinds = new SharedLists<ValueKind | null>(SHARED_LISTS)
const sharedFields = new SharedLists<number>(SHARED_LISTS)

/**
 * Names and types of an endpoint's features and predictions.
 *
 * `fields` are all features that the endpoint ever had: they only grow, because each is a column of its
 * files. `inputFields` says which of them the values of today's rows are, in order. A type is null until
 * a record or a first value decides it, and never changes after that.
 */
export class EndpointSchema {
  readonly #owner: { shape: RowShape }
  #labelNames: readonly string[] = []
  #predictionKind: ValueKind | null = null
  #fields: readonly string[] = []
  #kinds: readonly (ValueKind | null)[] = []
  #inputFields: readonly number[] = []
  #hasRecordFeatures = false
  #hasRecordLabels = false
  #featureNames: readonly string[] = []

  /** @param owner  is given the shape of rows, and each that comes of a change */
  constructor(owner: { shape: RowShape } = { shape: NO_SHAPE }) {
    this.#owner = owner
  }

  get fields(): readonly string[] {
    return this.#fields
  }

  /** One per field; null where no value has decided it yet. */
  get kinds(): readonly (ValueKind | null)[] {
    return this.#kinds
  }

  /** How rows are read; the same object as long as no name and no type changes. */
  get shape(): RowShape {
    return this.#owner.shape
  }

  /** Indexes into `fields`, one per value of a row; empty until names are known. */
  get inputFields(): readonly number[] {
    return this.#inputFields
  }

  /** Names of today's features in the order of a row's values. */
  get featureNames(): readonly string[] {
    return this.#featureNames
  }

  get labelNames(): readonly string[] {
    return this.#labelNames
  }

  get predictionKind(): ValueKind | null {
    return this.#predictionKind
  }

  /** Names that the endpoint's record lacks, as far as is known, and that belong into it. */
  get namesForRecord(): NamesForRecord {
    const { featureNames, labelNames } = this
    return {
      features: this.#hasRecordFeatures || featureNames.length === 0 ? null : featureNames,
      labels: this.#hasRecordLabels || labelNames.length === 0 ? null : labelNames,
    }
  }

  /** Everything that later rows are read by, as plain values. */
  toState(): SchemaState {
    return [
      [this.#fields, this.#kinds, this.#featureNames, this.#labelNames, this.#predictionKind],
      [this.#hasRecordFeatures, this.#hasRecordLabels],
    ]
  }

  /** Becomes what `toState` told of; only before anything else was learned. */
  restore([names, [hasRecordFeatures, hasRecordLabels]]: SchemaState): void {
    assert(this.#fields.length === 0)
    const [fields, kinds, featureNames, labelNames, predictionKind] = names
    this.#fields = sharedNames.share(fields)
    this.#kinds = sharedKinds.share(kinds)
    this.#featureNames = sharedNames.share(featureNames)
    this.#inputFields = sharedFields.share(featureNames.map((name) => fields.indexOf(name)))
    this.#labelNames = sharedNames.share(labelNames)
    this.#predictionKind = predictionKind
    this.#hasRecordFeatures = hasRecordFeatures
    this.#hasRecordLabels = hasRecordLabels
    this.#onChange()
  }

  /** Decides types of fields, null deciding nothing; each is decided once. */
  decideKinds(decided: readonly (ValueKind | null)[]): void {
    const kinds = this.#kinds.map((known, field) => {
      const kind = decided[field] ?? null
      assert(known === null || kind === null || kind === known)
      return known ?? kind
    })
    this.#kinds = sharedKinds.share(kinds)
    this.#onChange()
  }

  /** Decides the predictions' type; allowed once. */
  decidePredictionKind(kind: ValueKind): void {
    assert(this.#predictionKind === null)
    this.#predictionKind = kind
    this.#onChange()
  }

  /**
   * Takes names and types from the endpoint's record as MLRun's API or this function wrote it. An empty
   * list says nothing: each start of a serving function writes one (D22).
   *
   * @returns  whether a name was added, so that rows from here on have other columns
   */
  learnRecord(record: StoredRecord): boolean {
    const labels = nameList(record.get('label_names')) ?? nameList(record.get('label_columns'))
    const fieldCountBefore = this.fields.length
    this.#learnLabels(labels)
    const names = nameList(record.get('feature_names'))
    this.#hasRecordFeatures = names !== null
    if (names !== null) this.#setFeatures(withoutLabels(names, labels ?? []))
    this.#learnKinds(record.get('feature_stats'))
    return this.fields.length > fieldCountBefore
  }

  /** A record that is older than our own longer list of names says nothing. */
  #learnLabels(labels: readonly string[] | null): void {
    const known = this.#labelNames
    const isOlder =
      labels === null ||
      (labels.length < known.length && labels.every((name, index) => name === known[index]))
    this.#hasRecordLabels = !isOlder
    if (isOlder) return
    this.#labelNames = sharedNames.share(labels)
    this.#onChange()
  }

  /** Names the features of an endpoint whose record names none, by its first row. */
  nameFeatures(names: readonly string[]): void {
    assert(this.#featureNames.length === 0, 'names are given once; after that a record renames')
    this.#setFeatures(names)
  }

  /** Names as many predictions as a row has, keeping the names that there are: p0, p1, ... */
  nameLabels(names: readonly string[] | null, count: number): void {
    if (this.#labelNames.length >= count) return
    this.#hasRecordLabels = false // it has fewer of them
    if (this.#labelNames.length === 0 && names !== null && names.length === count) {
      this.#labelNames = sharedNames.share(names)
      this.#onChange()
      return
    }
    const known = this.#labelNames
    const added: string[] = []
    for (let index = known.length; index < count; index++) {
      added.push(freeName(`p${index}`, [...known, ...added]))
    }
    this.#labelNames = sharedNames.share([...known, ...added])
    this.#onChange()
  }

  #setFeatures(names: readonly string[]): void {
    const fields = [...this.#fields]
    const inputFields = names.map((name) => {
      const index = fields.indexOf(name)
      return index >= 0 ? index : fields.push(name) - 1
    })
    this.#featureNames = sharedNames.share(names)
    this.#inputFields = sharedFields.share(inputFields)
    this.#kinds = sharedKinds.share(fields.map((_, field) => this.#kinds[field] ?? null))
    this.#fields = sharedNames.share(fields)
    this.#onChange()
  }

  #onChange(): void {
    const isInOrder = this.#inputFields.every((field, index) => field === index)
    const isWhole = this.#inputFields.length === this.#fields.length
    const isPlain = isInOrder && isWhole && this.#kinds.every((kind) => kind === 'double')
    this.#owner.shape = sharedShape({
      plainWidth: isPlain ? this.#fields.length : -1,
      predictsNumbers: this.#predictionKind === 'double' && this.#labelNames.length > 0,
      columns: sharedColumns({
        featureNames: this.#fields,
        featureKinds: this.#columnKinds(),
        predictionKind: this.#predictionKind ?? 'double',
      }),
    })
  }

  /** Kinds that are all decided are shared already; to share a list costs as much as to spell it. */
  #columnKinds(): readonly ValueKind[] {
    const isDecided = (kinds: readonly (ValueKind | null)[]): kinds is readonly ValueKind[] =>
      !kinds.includes(null)
    if (isDecided(this.#kinds)) return this.#kinds
    return sharedKinds.share(this.#kinds.map((kind) => kind ?? 'double')) as readonly ValueKind[]
  }

  /** A type that is decided stays: a column of files cannot change. */
  #learnKinds(featureStats: string | number | boolean | undefined): void {
    const stats = parseObject(featureStats)
    if (stats === null) return
    const decided = this.#fields.map((name, index): ValueKind | null => {
      const column = Object.hasOwn(stats, name) ? stats[name] : undefined
      if (this.#kinds[index] !== null || typeof column !== 'object' || column === null) return null
      // Numbers have a mean, bools a histogram; texts have only count, unique, top and freq.
      return 'mean' in column || 'hist' in column ? 'double' : 'text'
    })
    this.decideKinds(decided)
  }
}

const columnsByNames = new WeakMap<readonly string[], RowColumns[]>()
const shapesByColumns = new WeakMap<RowColumns, RowShape[]>()

/** Equal columns, the same ones for all whose lists are shared. */
function sharedColumns(columns: RowColumns): RowColumns {
  const { featureNames, featureKinds, predictionKind } = columns
  return sameOf(
    listAt(columnsByNames, featureNames),
    columns,
    (known) => known.featureKinds === featureKinds && known.predictionKind === predictionKind,
  )
}

function sharedShape(shape: RowShape): RowShape {
  const { plainWidth, predictsNumbers, columns } = shape
  return sameOf(
    listAt(shapesByColumns, columns),
    shape,
    (known) => known.plainWidth === plainWidth && known.predictsNumbers === predictsNumbers,
  )
}

function listAt<K extends WeakKey, V>(lists: WeakMap<K, V[]>, key: K): V[] {
  const known = lists.get(key)
  if (known !== undefined) return known
  const list: V[] = []
  lists.set(key, list)
  return list
}

function sameOf<T>(list: T[], value: T, isSame: (known: T) => boolean): T {
  const known = list.find(isSame)
  if (known !== undefined) return known
  list.push(value)
  return value
}

/** In MLRun 0.6 the names of a training set end in its label columns, which no row carries. */
function withoutLabels(names: readonly string[], labels: readonly string[]): readonly string[] {
  const rest = names.slice(0, names.length - labels.length)
  const endsInLabels =
    labels.length > 0 && labels.every((name, i) => name === names[rest.length + i])
  return endsInLabels && rest.length > 0 ? rest : names
}

function freeName(wanted: string, taken: readonly string[]): string {
  return taken.includes(wanted) ? freeName(`${wanted}_`, taken) : wanted
}

/** A JSON list of different texts, at least one; null for anything else. */
function nameList(json: string | number | boolean | undefined): readonly string[] | null {
  const names = parseText(json)
  const isUsable =
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length
  return isUsable ? (names as string[]) : null
}

function parseObject(json: string | number | boolean | undefined): JsonObject | null {
  const value = parseText(json)
  return isJsonObject(value) ? value : null
}

/** What somebody else wrote into the record may be anything; what cannot be read says nothing. */
function parseText(json: string | number | boolean | undefined): unknown {
  return typeof json === 'string' ? tryParseJson(json) : undefined
}
