import {
  type Column,
  DISTANCE_COLUMNS,
  ENDPOINT_COLUMNS,
  type EndpointColumn,
  FEATURE_COLUMNS,
  type Show,
  type Total,
} from '../describe.ts'
import {
  chosenSource,
  type Family,
  type Queries,
  type Query,
  refIdOf,
  weightedMean,
} from '../family.ts'

const TYPE = 'yesoreyeram-infinity-datasource'
const SOURCE = chosenSource(TYPE)
/** Means for so many points of each series. */
const POINTS = '500'
/** Single values of a range at most. */
const VALUES = '10000'

type Params = Readonly<Record<string, string>>

const PROJECT: Params = { project: '$PROJECT' }
const MODEL: Params = { project: '$PROJECT', endpoint_id: '$MODEL' }

/** Flat arrays of the function's own read API. */
export const infinity: Family = {
  name: 'infinity',
  folder: 'resource/infinity',
  sourceType: TYPE,
  variables: [
    { name: 'PROJECT', datasource: SOURCE, query: variable('/api/projects', ['project']) },
    {
      name: 'MODEL',
      datasource: SOURCE,
      query: variable('/api/endpoints', ['endpoint_id', 'model']),
    },
  ],
  queriesOf(show) {
    switch (show.what) {
      case 'total':
        return totalOf(show.total)
      case 'endpoints':
        return endpointsOf(show)
      case 'features':
        return tableOf('/api/features', MODEL, titled(FEATURE_COLUMNS))
      case 'distances':
        return tableOf('/api/drift', MODEL, titled(DISTANCE_COLUMNS))
      case 'series':
        return seriesOf(show)
      case 'pipeline':
        return null
    }
  },
}

/** A column of an answer: its member, its name in Grafana, and what it holds. */
interface Selected {
  readonly selector: string
  readonly text: string
  readonly type: 'string' | 'number' | 'timestamp_epoch'
}

function request(
  path: string,
  { params, columns, format }: { params: Params; columns: readonly Selected[]; format: string },
): Readonly<Record<string, unknown>> {
  return {
    type: 'json',
    parser: 'backend',
    source: 'url',
    format,
    url: path,
    url_options: {
      method: 'GET',
      data: '',
      // As parameters they are escaped, whatever a variable has in it.
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    },
    root_selector: '',
    columns,
    filters: [],
  }
}

function variable(path: string, names: readonly string[]): Readonly<Record<string, unknown>> {
  const columns = names.map((name) => ({ selector: name, text: name, type: 'string' as const }))
  const params = path === '/api/endpoints' ? PROJECT : {}
  const [value = '', text = value] = names
  return {
    queryType: 'infinity',
    infinityQuery: { refId: 'variable', ...request(path, { params, columns, format: 'table' }) },
    meta: { valueField: value, textField: text },
  }
}

function typeOf({ kind }: Column): Selected['type'] {
  switch (kind) {
    case 'text':
    case 'status':
      return 'string'
    case 'time':
      return 'timestamp_epoch'
    case 'number':
    case 'distance':
      return 'number'
  }
}

function titled(columns: Readonly<Record<string, Column>>): readonly Selected[] {
  return Object.entries(columns).map(([selector, column]) => ({
    selector,
    text: column.title,
    type: typeOf(column),
  }))
}

/** Columns under their own names, for sums and the like. */
function plain(...names: readonly EndpointColumn[]): readonly Selected[] {
  return names.map((name) => ({
    selector: name,
    text: name,
    type: typeOf(ENDPOINT_COLUMNS[name]),
  }))
}

function tableOf(path: string, params: Params, columns: readonly Selected[]): Queries {
  const query = request(path, { params, columns, format: 'table' })
  return { queries: [{ refId: 'A', datasource: SOURCE, ...query }] }
}

function totalOf(total: Total): Queries {
  const path = '/api/endpoints'
  if (total.by === 'count' && 'status' in total) {
    const equal = { id: 'equal', options: { value: total.status } }
    const filters = [{ fieldName: 'drift_status', config: equal }]
    return {
      ...tableOf(path, PROJECT, plain('drift_status')),
      transformations: [
        { id: 'filterByValue', options: { type: 'include', match: 'all', filters } },
      ],
      calc: 'count',
    }
  }
  if (total.by === 'count')
    return { ...tableOf(path, PROJECT, plain('endpoint_id')), calc: 'count' }
  const { attribute } = total
  if (total.by === 'sum') return { ...tableOf(path, PROJECT, plain(attribute)), calc: 'sum' }
  return {
    ...tableOf(path, PROJECT, plain(attribute, total.weight)),
    transformations: weightedMean(attribute, total.weight),
    calc: 'lastNotNull',
  }
}

function endpointsOf({ scope, columns }: Extract<Show, { what: 'endpoints' }>): Queries {
  const chosen = columns.map((name) => [name, ENDPOINT_COLUMNS[name]] as const)
  const params = scope === 'project' ? PROJECT : MODEL
  return tableOf('/api/endpoints', params, titled(Object.fromEntries(chosen)))
}

/** One query for each metric, or one for all: the API takes one name or none. */
function seriesOf(show: Extract<Show, { what: 'series' }>): Queries {
  const { scope, recordType, metrics, isStepped = false } = show
  const label = scope === 'project' ? 'endpoint_id' : 'metric'
  const columns: readonly Selected[] = [
    { selector: 'time', text: 'time', type: 'timestamp_epoch' },
    { selector: label, text: label, type: 'string' },
    { selector: 'value', text: 'value', type: 'number' },
  ]
  const range = { from_ms: `\${__from}`, to_ms: `\${__to}` }
  const queries = (metrics.length === 0 ? [null] : metrics).map((metric, index): Query => {
    const params = {
      ...(scope === 'project' ? PROJECT : MODEL),
      record_type: recordType,
      ...(metric === null ? {} : { metric }),
      ...range,
      ...(isStepped ? { limit: VALUES } : { max_points: POINTS }),
    }
    const query = request('/api/series', { params, columns, format: 'timeseries' })
    return { refId: refIdOf(index), datasource: SOURCE, ...query }
  })
  return { queries, seriesName: `\${__field.labels.${label}}` }
}
