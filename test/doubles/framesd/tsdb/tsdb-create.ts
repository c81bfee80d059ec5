import { Refusal } from '../refusal.ts'

const AGGREGATES = new Set([
  'count',
  'avg',
  'min',
  'max',
  'sum',
  'sqr',
  'last',
  'rate',
  'stddev',
  'stdvar',
])
const DAY_MINUTES = 1440

/** Throws Refusal unless a table can be made of this. */
export function checkCreate(request: {
  readonly rate: string
  readonly aggregates: string
  readonly granularity: string
}): void {
  const { rate, aggregates, granularity } = request
  if (rate === '') {
    throw new Refusal("Must specify 'rate' attribute to specify maximum sample rate, e.g. '1/m'")
  }
  if (!/^[0-9]+\/[smh]$/.test(rate)) {
    throw new Refusal(`failed to create a TSDB schema: Invalid rate '${rate}'`)
  }
  for (const name of aggregates.split(',').map((part) => part.trim())) {
    if (name === '' && aggregates.trim() === '') continue
    if (!AGGREGATES.has(name)) {
      throw new Refusal(`failed to create a TSDB schema: Invalid aggregator type: '${name}'`)
    }
  }
  if (granularity !== '' && !dividesADay(granularity)) {
    throw new Refusal(
      `failed to create a TSDB schema: Invalid aggregation granularity '${granularity}'`,
    )
  }
}

function dividesADay(granularity: string): boolean {
  const [, count, unit] = /^([0-9]+)([mh])$/.exec(granularity) ?? []
  if (count === undefined) return false
  const minutes = Number(count) * (unit === 'h' ? 60 : 1)
  return minutes > 0 && DAY_MINUTES % minutes === 0
}
