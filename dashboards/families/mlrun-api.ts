import {
  DISTANCE_COLUMNS,
  ENDPOINT_COLUMNS,
  type EndpointColumn,
  FEATURE_COLUMNS,
  type Show,
  type Total,
} from '../describe.ts'
import { type Family, organize, type Queries, type Query, weightedMean } from '../family.ts'

// The two data sources of the original, by their names. Targets are only such as MLRun's own grafana-proxy and
// framesd answer too.
const TYPE = 'grafana-simple-json-datasource'
const MLRUN = { type: TYPE, uid: 'mlrun-api' }
const IGUAZIO = { type: TYPE, uid: 'iguazio' }
const KV = 'backend=kv; container=projects; table=$PROJECT/model-endpoints/endpoints;'
const TSDB = 'backend=tsdb; container=projects; table=$PROJECT/model-endpoints/events;'

/** How `list_endpoints` calls its columns; others have the names of the record. */
const LISTED: ReadonlyMap<string, string> = new Map([
  ['function_uri', 'endpoint_function'],
  ['model', 'endpoint_model'],
  ['model_class', 'endpoint_model_class'],
])
const LIST_COLUMNS: readonly EndpointColumn[] = [
  'endpoint_id',
  'function_uri',
  'model',
  'model_class',
  'first_request',
  'last_request',
  'accuracy',
  'error_count',
  'drift_status',
  'predictions_per_second',
  'latency_avg_1h',
]

/** The JSON data source of 2021. */
export const mlrunApi: Family = {
  name: 'mlrun-api',
  folder: 'resource',
  sourceType: null,
  variables: [
    { name: 'PROJECT', datasource: MLRUN, query: 'target_endpoint=list_projects' },
    { name: 'MODEL', datasource: IGUAZIO, query: `${KV} fields=endpoint_id;` },
  ],
  queriesOf(show) {
    switch (show.what) {
      case 'total':
        return totalOf(show.total)
      case 'endpoints':
        return endpointsOf(show)
      case 'features':
        return functionOf('individual_feature_analysis', FEATURE_COLUMNS)
      case 'distances':
        return functionOf('overall_feature_analysis', DISTANCE_COLUMNS)
      case 'series':
        return seriesOf(show)
      case 'pipeline':
        return null
    }
  },
}

function table(datasource: Query['datasource'], target: string): Query {
  return { refId: 'A', datasource, type: 'table', target, rawQuery: true }
}

function totalOf(total: Total): Queries {
  if (total.by === 'count') {
    const filter = 'status' in total ? ` filter=drift_status=="${total.status}";` : ''
    return { queries: [table(IGUAZIO, `${KV}${filter} fields=endpoint_id;`)], calc: 'count' }
  }
  const { attribute } = total
  if (total.by === 'sum') {
    return { queries: [table(IGUAZIO, `${KV} fields=${attribute};`)], calc: 'sum' }
  }
  return {
    queries: [table(IGUAZIO, `${KV} fields=${attribute},${total.weight};`)],
    transformations: weightedMean(attribute, total.weight),
    calc: 'lastNotNull',
  }
}

function endpointsOf({ scope, columns }: Extract<Show, { what: 'endpoints' }>): Queries {
  if (scope === 'model') {
    const titles = new Map(columns.map((name) => [name, ENDPOINT_COLUMNS[name].title]))
    const target = `${KV} filter=endpoint_id=="$MODEL"; fields=${columns.join(',')};`
    return { queries: [table(IGUAZIO, target)], transformations: [organize(titles, [])] }
  }
  const listed = (name: EndpointColumn): string => LISTED.get(name) ?? name
  const titles = new Map(columns.map((name) => [listed(name), ENDPOINT_COLUMNS[name].title]))
  const leftOut = LIST_COLUMNS.map(listed).filter((name) => !titles.has(name))
  return {
    queries: [table(MLRUN, 'project=$PROJECT;target_endpoint=list_endpoints')],
    transformations: [organize(titles, leftOut)],
  }
}

function functionOf(
  name: string,
  columns: Readonly<Record<string, { readonly title: string }>>,
): Queries {
  const titles = new Map(Object.entries(columns).map(([column, { title }]) => [column, title]))
  const target = `target_endpoint=${name};endpoint_id=$MODEL;project=$PROJECT`
  return { queries: [table(MLRUN, target)], transformations: [organize(titles, [])] }
}

/** framesd names a series `metric[endpoint_id=...,record_type=...]`. */
function seriesOf({ scope, recordType, metrics }: Extract<Show, { what: 'series' }>): Queries {
  const ofModel = scope === 'model' ? "endpoint_id=='$MODEL' AND " : ''
  const fields = metrics.length === 0 ? '' : ` fields=${metrics.join(',')};`
  const target = `${TSDB}${fields} filter=${ofModel}record_type=='${recordType}';`
  const regex = scope === 'model' ? '^(.*)\\[.*\\]$' : '^.*\\[endpoint_id=([^,\\]]*).*\\]$'
  return {
    queries: [{ refId: 'A', datasource: IGUAZIO, type: 'timeserie', target, rawQuery: true }],
    transformations: [{ id: 'renameByRegex', options: { regex, renamePattern: '$1' } }],
  }
}
