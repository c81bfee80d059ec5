import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Show } from './describe.ts'

/** A data source as dashboards name it. */
export interface SourceRef {
  readonly type: string
  readonly uid: string
}

/** A query of a data source, as Grafana keeps it. */
export interface Query {
  readonly refId: string
  readonly datasource: SourceRef
  readonly [member: string]: unknown
}

/** What a family answers a panel's question with. */
export interface Queries {
  readonly queries: readonly Query[]
  readonly transformations?: readonly DataTransformerConfig[]
  /** How a total is made of the rows; the other kinds of panels have none. */
  readonly calc?: 'count' | 'sum' | 'lastNotNull'
  /** Name of a series, where it does not bring one. */
  readonly seriesName?: string
}

/** A variable of a dashboard whose values a query gives. */
export interface VariableQuery {
  readonly name: 'PROJECT' | 'MODEL'
  readonly datasource: SourceRef
  readonly query: string | Readonly<Record<string, unknown>>
}

/** A kind of data source, with how it asks for what dashboards show. */
export interface Family {
  readonly name: string
  /** Of its files. */
  readonly folder: string
  /** Type of the data source that the variable DS chooses; null where sources have fixed names. */
  readonly sourceType: string | null
  readonly variables: readonly VariableQuery[]
  /** Null for what it has no data of. */
  readonly queriesOf: (show: Show) => Queries | null
}

/** The source that the variable DS of a dashboard chooses. */
export function chosenSource(type: string): SourceRef {
  return { type, uid: `\${DS}` }
}

/** `A`, `B` and so on. */
export function refIdOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

/** Renames columns, leaves others out, and puts those that are named into their order. */
export function organize(
  titles: ReadonlyMap<string, string>,
  leftOut: readonly string[],
): DataTransformerConfig {
  return {
    id: 'organize',
    options: {
      renameByName: Object.fromEntries(titles),
      excludeByName: Object.fromEntries(leftOut.map((name) => [name, true])),
      indexByName: Object.fromEntries([...titles.keys()].map((name, index) => [name, index])),
    },
  }
}

/** Makes one number of two columns: the mean of one, each value as often as the other says. */
export function weightedMean(attribute: string, weight: string): DataTransformerConfig[] {
  const calculate = (
    alias: string,
    binary: Readonly<Record<'left' | 'operator' | 'right', string>>,
    replaceFields: boolean,
  ): DataTransformerConfig => ({
    id: 'calculateField',
    options: { mode: 'binary', alias, binary, replaceFields },
  })
  const product = { left: attribute, operator: '*', right: weight }
  const quotient = { left: 'product', operator: '/', right: weight }
  return [
    calculate('product', product, false),
    { id: 'reduce', options: { mode: 'reduceFields', reducers: ['sum'] } },
    calculate('mean', quotient, true),
  ]
}
