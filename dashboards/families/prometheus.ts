import { ENDPOINT_COLUMNS, type EndpointColumn, type Show, type Total } from '../describe.ts'
import {
  chosenSource,
  type Family,
  organize,
  type Queries,
  type Query,
  refIdOf,
} from '../family.ts'

const TYPE = 'prometheus'
const SOURCE = chosenSource(TYPE)
const PREFIX = 'mlrun_model_monitoring_'

/** Metrics of `GET /metrics`, as the other families call them. */
const SAMPLES: Readonly<
  Record<string, { readonly name: string; readonly labels?: string; readonly factor?: string }>
> = {
  predictions_per_second: { name: 'predictions_per_second' },
  predictions_count_5m: { name: 'predictions_window', labels: 'window="5m"' },
  predictions_count_1h: { name: 'predictions_window', labels: 'window="1h"' },
  latency_avg_5m: { name: 'latency_avg_seconds', labels: 'window="5m"', factor: '1e6' },
  latency_avg_1h: { name: 'latency_avg_seconds', labels: 'window="1h"', factor: '1e6' },
  first_request: { name: 'first_request_timestamp_seconds', factor: '1000' },
  last_request: { name: 'last_request_timestamp_seconds', factor: '1000' },
  error_count: { name: 'errors_total' },
  drift_status: { name: 'drift_status' },
  alarmed_features: { name: 'drift_alarmed_features' },
  tvd_mean: { name: 'drift_score', labels: 'measure="tvd"' },
  hellinger_mean: { name: 'drift_score', labels: 'measure="hellinger"' },
  kld_mean: { name: 'drift_score', labels: 'measure="kld"' },
}

/** Which of them a record type has. */
const RECORD_TYPES: Readonly<Record<string, readonly string[]>> = {
  drift_measures: ['hellinger_mean', 'kld_mean', 'tvd_mean'],
}

/** What Prometheus has scraped from `GET /metrics`. */
export const prometheus: Family = {
  name: 'prometheus',
  folder: 'resource/prometheus',
  sourceType: TYPE,
  variables: [
    { name: 'PROJECT', datasource: SOURCE, query: labelValues('', 'project') },
    { name: 'MODEL', datasource: SOURCE, query: labelValues('project="$PROJECT"', 'endpoint_id') },
  ],
  queriesOf(show) {
    switch (show.what) {
      case 'total':
        return { queries: [instant(totalExpr(show.total))], calc: 'lastNotNull' }
      case 'endpoints':
        return endpointsOf(show)
      case 'series':
        return seriesOf(show)
      case 'pipeline':
        return { queries: [ranged(show.expr, show.legend)], calc: 'lastNotNull' }
      case 'features':
        return null
      case 'distances':
        return distances()
    }
  },
}

function labelValues(labels: string, label: string): Readonly<Record<string, unknown>> {
  const metric = `${PREFIX}errors_total${labels === '' ? '' : `{${labels}}`}`
  return { refId: 'variable', query: `label_values(${metric}, ${label})` }
}

function ranged(expr: string, legendFormat: string, index = 0): Query {
  const refId = refIdOf(index)
  return { refId, datasource: SOURCE, editorMode: 'code', expr, legendFormat, range: true }
}

function instant(expr: string, index = 0): Query {
  const refId = refIdOf(index)
  return { refId, datasource: SOURCE, editorMode: 'code', expr, instant: true, format: 'table' }
}

/**
 * The newest value of each endpoint. Every replica gives the same, and each may be scraped: the greatest of
 * them stands for all.
 */
function sample(attribute: string, scope: 'project' | 'model'): string | null {
  const found = Object.hasOwn(SAMPLES, attribute) ? SAMPLES[attribute] : undefined
  if (found === undefined) return null
  const { name, labels, factor } = found
  const all = [
    'project="$PROJECT"',
    ...(scope === 'model' ? ['endpoint_id="$MODEL"'] : []),
    ...(labels === undefined ? [] : [labels]),
  ]
  const expr = `max by (endpoint_id, model) (${PREFIX}${name}{${all.join(',')}})`
  return factor === undefined ? expr : `${expr} * ${factor}`
}

function totalExpr(total: Total): string {
  const of = (attribute: EndpointColumn): string => sample(attribute, 'project') ?? ''
  switch (total.by) {
    case 'count':
      if ('status' in total) return `count(${of('drift_status')} == 2) or vector(0)`
      return `count(group by (endpoint_id) ({__name__=~"${PREFIX}.+",project="$PROJECT"}))`
    case 'sum':
      return `sum(${of(total.attribute)})`
    case 'mean': {
      const weight = of(total.weight)
      return `sum(${of(total.attribute)} * ${weight}) / sum(${weight})`
    }
  }
}

/** One query for each column; they are put together by the endpoint. */
function endpointsOf({ scope, columns }: Extract<Show, { what: 'endpoints' }>): Queries {
  const titles = new Map<string, string>()
  const queries: Query[] = []
  for (const name of columns) {
    const expr = sample(name, scope)
    const { title } = ENDPOINT_COLUMNS[name]
    if (name === 'endpoint_id' || name === 'model') titles.set(name, title)
    if (expr === null) continue
    const query = instant(expr, queries.length)
    titles.set(`Value #${query.refId}`, title)
    queries.push(query)
  }
  return {
    queries,
    transformations: [{ id: 'merge', options: {} }, organize(titles, ['Time'])],
  }
}

function distances(): Queries {
  const titles = new Map<string, string>()
  const queries = Object.entries({
    tvd_mean: 'TVD (mean)',
    hellinger_mean: 'Hellinger (mean)',
    kld_mean: 'KLD (mean)',
  }).map(([name, title], index) => {
    const query = instant(sample(name, 'model') ?? '', index)
    titles.set(`Value #${query.refId}`, title)
    return query
  })
  const leftOut = ['Time', 'endpoint_id', 'model']
  return { queries, transformations: [{ id: 'merge', options: {} }, organize(titles, leftOut)] }
}

function seriesOf({
  scope,
  recordType,
  metrics,
}: Extract<Show, { what: 'series' }>): Queries | null {
  const names = metrics.length === 0 ? (RECORD_TYPES[recordType] ?? []) : metrics
  const queries = names.flatMap((name, index) => {
    const expr = sample(name, scope)
    if (expr === null) return []
    return [ranged(expr, scope === 'project' ? '{{model}} ({{endpoint_id}})' : name, index)]
  })
  return queries.length === 0 ? null : { queries }
}
