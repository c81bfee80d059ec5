import { Refusal } from '../refusal.ts'

/** Makes one number of the values of a bucket, which are at least one, in time order. */
export type Aggregator = (values: readonly number[]) => number

const AGGREGATORS: ReadonlyMap<string, Aggregator> = new Map([
  ['count', (values) => values.length],
  ['sum', sum],
  ['avg', (values) => sum(values) / values.length],
  ['min', (values) => values.reduce((a, b) => Math.min(a, b))],
  ['max', (values) => values.reduce((a, b) => Math.max(a, b))],
  ['sqr', (values) => sum(values.map((value) => value * value))],
  ['last', (values) => values.at(-1) ?? Number.NaN],
  ['stdvar', variance],
  ['stddev', (values) => Math.sqrt(variance(values))],
] as const)

/**
 * The aggregators of `avg,max,count`, in that order.
 *
 * @throws Refusal for an unknown one, and for `rate`, which this double does not compute
 */
export function parseAggregators(text: string): readonly (readonly [string, Aggregator])[] {
  if (text.trim() === '') return []
  return text.split(',').map((part) => {
    const name = part.trim()
    const aggregator = AGGREGATORS.get(name)
    if (aggregator === undefined) throw new Refusal(`Invalid aggregator type: '${name}'`)
    return [name, aggregator] as const
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

/** Of a sample (n - 1); of a single value it is NaN. */
function variance(values: readonly number[]): number {
  const mean = sum(values) / values.length
  return sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1)
}
