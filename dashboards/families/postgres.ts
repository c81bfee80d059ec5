import {
  type Column,
  DISTANCE_COLUMNS,
  ENDPOINT_COLUMNS,
  type EndpointColumn,
  FEATURE_COLUMNS,
  type FeatureColumn,
  type Show,
  type Total,
} from '../describe.ts'
import { chosenSource, type Family, type Queries } from '../family.ts'

const TYPE = 'grafana-postgresql-datasource'
const SOURCE = chosenSource(TYPE)

/** The tables of the PostgreSQL store. */
export const postgres: Family = {
  name: 'postgres',
  folder: 'resource/postgres',
  sourceType: TYPE,
  variables: [
    {
      name: 'PROJECT',
      datasource: SOURCE,
      query:
        'SELECT DISTINCT project FROM model_endpoints WHERE project IS NOT NULL ORDER BY project',
    },
    {
      name: 'MODEL',
      datasource: SOURCE,
      query: `SELECT endpoint_id AS __value, coalesce(model, endpoint_id) AS __text
FROM model_endpoints WHERE project = '$PROJECT' ORDER BY __text, __value`,
    },
  ],
  queriesOf(show) {
    switch (show.what) {
      case 'total':
        return { ...tableOf(totalSql(show.total)), calc: 'lastNotNull' }
      case 'endpoints':
        return tableOf(endpointsSql(show))
      case 'features':
        return tableOf(FEATURES)
      case 'distances':
        return tableOf(DISTANCES)
      case 'series':
        return { queries: [query(seriesSql(show), 'time_series')] }
      case 'pipeline':
        return null
    }
  },
}

function query(rawSql: string, format: 'table' | 'time_series') {
  return { refId: 'A', datasource: SOURCE, rawQuery: true, editorMode: 'code', format, rawSql }
}

function tableOf(sql: string): Queries {
  return { queries: [query(sql, 'table')] }
}

const OF_PROJECT = "project = '$PROJECT'"
const OF_MODEL = `${OF_PROJECT} AND endpoint_id = '$MODEL'`

/** An attribute of the record in its type; null where it is of another one, or not there. */
function attribute(name: string, { kind }: Column): string {
  switch (kind) {
    case 'number':
    case 'distance':
      return `CASE jsonb_typeof(record->'${name}') WHEN 'number' THEN (record->>'${name}')::float8 END`
    case 'time':
      return `nullif(record->>'${name}', '')::timestamptz`
    case 'text':
    case 'status':
      return `nullif(record->>'${name}', '')`
  }
}

function columnOf(name: EndpointColumn): string {
  return attribute(name, ENDPOINT_COLUMNS[name])
}

function totalSql(total: Total): string {
  const from = `FROM model_endpoints\nWHERE ${OF_PROJECT}`
  switch (total.by) {
    case 'count': {
      const status = 'status' in total ? ` AND record->>'drift_status' = '${total.status}'` : ''
      return `SELECT count(*) AS value\n${from}${status}`
    }
    case 'sum':
      return `SELECT sum(${columnOf(total.attribute)}) AS value\n${from}`
    case 'mean': {
      const [value, weight] = [columnOf(total.attribute), columnOf(total.weight)]
      return `SELECT sum(${value} * ${weight}) / nullif(sum(${weight}), 0) AS value\n${from}`
    }
  }
}

function endpointsSql({ scope, columns }: Extract<Show, { what: 'endpoints' }>): string {
  const selected = columns.map((name) => `${columnOf(name)} AS "${ENDPOINT_COLUMNS[name].title}"`)
  const where = scope === 'project' ? OF_PROJECT : OF_MODEL
  return `SELECT\n  ${selected.join(',\n  ')}\nFROM model_endpoints\nWHERE ${where}\nORDER BY endpoint_id`
}

/** A JSON text of the record as JSON. */
function parsed(name: string): string {
  return `coalesce(nullif(record->>'${name}', ''), '{}')::jsonb`
}

/** A number inside of JSON; null for anything else. */
function member(json: string, name: string): string {
  return `CASE jsonb_typeof(${json}->'${name}') WHEN 'number' THEN (${json}->>'${name}')::float8 END`
}

/** Where a column of a feature comes from. */
function featureCell(name: FeatureColumn): string {
  if (name === 'feature_name') return 'feature.key'
  const [side, part] = name.split('_')
  if (side === 'expected') return member('feature.value', part ?? '')
  if (side === 'actual') return member('(current.stats->feature.key)', part ?? '')
  return member('(current.measures->feature.key)', name)
}

const FEATURES = `SELECT
  ${Object.entries(FEATURE_COLUMNS)
    .map(([name, { title }]) => `${featureCell(name as FeatureColumn)} AS "${title}"`)
    .join(',\n  ')}
FROM model_endpoints
CROSS JOIN LATERAL (
  SELECT ${parsed('current_stats')} AS stats, ${parsed('drift_measures')} AS measures
) AS current
CROSS JOIN LATERAL jsonb_each(${parsed('feature_stats')}) AS feature
WHERE ${OF_MODEL}
ORDER BY feature.key`

const DISTANCES = `SELECT
  ${Object.entries(DISTANCE_COLUMNS)
    .map(([name, { title }]) => `${member('measures', name)} AS "${title}"`)
    .join(',\n  ')}
FROM model_endpoints
CROSS JOIN LATERAL (SELECT ${parsed('drift_measures')} AS measures) AS current
WHERE ${OF_MODEL} AND measures <> '{}'::jsonb`

function seriesSql(show: Extract<Show, { what: 'series' }>): string {
  const { scope, recordType, metrics, isStepped = false } = show
  const name =
    scope === 'project' ? "coalesce(e.model, '') || ' (' || m.endpoint_id || ')'" : 'm.metric'
  const names = metrics.map((metric) => `'${metric}'`).join(', ')
  const conditions = [
    '$__timeFilter(m.time)',
    `e.${OF_PROJECT}`,
    ...(scope === 'model' ? ["m.endpoint_id = '$MODEL'"] : []),
    `m.record_type = '${recordType}'`,
    ...(metrics.length === 0 ? [] : [`m.metric IN (${names})`]),
    'm.value IS NOT NULL',
  ]
  const from = `FROM model_endpoint_metrics AS m
JOIN model_endpoints AS e ON e.endpoint_id = m.endpoint_id
WHERE ${conditions.join('\n  AND ')}`
  if (isStepped) {
    return `SELECT m.time AS time, ${name} AS metric, m.value AS value\n${from}\nORDER BY 1, 2`
  }
  return `SELECT $__timeGroup(m.time, $__interval) AS time, ${name} AS metric, avg(m.value) AS value
${from}
GROUP BY 1, 2
ORDER BY 1, 2`
}
