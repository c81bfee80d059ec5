import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TableSortByFieldStateBuilder,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type DynamicConfigValue,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import {
  type Column,
  type DashboardDescription,
  DETAILS_UID,
  DETECTED,
  DISTANCE_COLUMNS,
  DRIFT_WORDS,
  ENDPOINT_COLUMNS,
  FEATURE_COLUMNS,
  type PanelDescription,
  POSSIBLE,
  type Show,
  type View,
} from './describe.ts'
import type { Family, Queries } from './family.ts'

const COLORS = ['super-light-blue', 'green', 'yellow', 'red'] as const
const GRID_WIDTH = 24

/**
 * The dashboard of a family, without the panels that it has no data of.
 *
 * @param siblings  the dashboards of the family, which its links lead to
 */
export function buildDashboard(
  description: DashboardDescription,
  family: Family,
  siblings: readonly DashboardDescription[],
): Dashboard {
  const { title, doc, refresh, hasModel, panels } = description
  const isOriginal = family.sourceType === null
  const dashboard = new DashboardBuilder(isOriginal ? title : `${title} (${family.name})`)
    .uid(uidOf(description, family))
    .description(doc)
    .tags(['model-monitoring', family.name])
    .refresh(refresh)
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
  for (const variable of variablesOf(family, hasModel)) dashboard.withVariable(variable)
  for (const sibling of siblings) {
    if (sibling !== description) dashboard.link(linkTo(sibling, family))
  }
  const shown = panels.flatMap((panel) => {
    const queries = family.queriesOf(panel.show)
    return queries === null ? [] : [{ panel, queries }]
  })
  const place = placing()
  for (const { panel, queries } of shown) {
    const built = buildPanel(panel, queries, family)
    dashboard.withPanel({ build: () => ({ ...built, gridPos: place(panel) }) })
  }
  return dashboard.build()
}

/** The uid of a dashboard; the first family has the original's. */
export function uidOf(
  { uid }: Pick<DashboardDescription, 'uid'>,
  { name, sourceType }: Family,
): string {
  return sourceType === null ? uid : `${uid}-${name}`
}

function variablesOf(
  { variables, sourceType }: Family,
  hasModel: boolean,
): cog.Builder<ReturnType<QueryVariableBuilder['build']>>[] {
  const chooser =
    sourceType === null
      ? []
      : [new DatasourceVariableBuilder('DS').label('Source').type(sourceType)]
  const queried = variables
    .filter(({ name }) => hasModel || name !== 'MODEL')
    .map(({ name, datasource, query }) =>
      new QueryVariableBuilder(name)
        .label(name === 'PROJECT' ? 'Project' : 'Model')
        .datasource(datasource)
        .query(query)
        .refresh(VariableRefresh.OnDashboardLoad)
        .sort(VariableSort.AlphabeticalAsc),
    )
  return [...chooser, ...queried]
}

function linkTo(
  sibling: DashboardDescription,
  family: Family,
): cog.Builder<ReturnType<DashboardLinkBuilder['build']>> {
  const [, title = sibling.title] = sibling.title.split(' - ')
  const link = new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(`/d/${uidOf(sibling, family)}/${sibling.name}`)
    .keepTime(true)
    .includeVars(true)
    .build()
  // The SDK would hide them in a menu.
  const { placement: _menu, ...shown } = link
  return { build: () => shown }
}

/** Puts panels side by side, and below where a row is full. */
function placing(): (panel: PanelDescription) => { x: number; y: number; w: number; h: number } {
  let [x, y, rowHeight] = [0, 0, 0]
  return ({ width, height }) => {
    if (x + width > GRID_WIDTH) {
      y += rowHeight
      x = 0
      rowHeight = 0
    }
    const place = { x, y, w: width, h: height }
    x += width
    rowHeight = Math.max(rowHeight, height)
    return place
  }
}

function buildPanel(description: PanelDescription, queries: Queries, family: Family): Panel {
  const { id, title, doc, view } = description
  const panel = viewOf(description, queries, family).id(id).title(title).description(doc)
  for (const query of queries.queries) panel.withTarget({ build: () => asDataquery(query) })
  for (const transformation of queries.transformations ?? [])
    panel.withTransformation(transformation)
  const [first] = queries.queries
  if (first !== undefined) panel.datasource(first.datasource)
  if (queries.seriesName !== undefined) panel.displayName(queries.seriesName)
  const unit = 'unit' in view ? view.unit : undefined
  if (unit !== undefined) panel.unit(unit)
  return panel.build()
}

/** A query of any data source; the method tells the SDK what it is, and does not reach the JSON. */
function asDataquery(query: object): cog.Dataquery {
  return Object.assign({}, query, { _implementsDataqueryVariant: () => undefined })
}

type PanelBuilder = StatBuilder | TableBuilder | TimeseriesBuilder | StateTimelineBuilder

function viewOf({ show, view }: PanelDescription, { calc }: Queries, family: Family): PanelBuilder {
  switch (view.as) {
    case 'stat':
      return statOf(view, calc ?? 'lastNotNull')
    case 'table':
      return tableOf(view, show, family)
    case 'timeseries':
      return timeseriesOf(view)
    case 'state-timeline':
      return stateTimelineOf(show)
  }
}

function statOf({ decimals }: Extract<View, { as: 'stat' }>, calc: string): StatBuilder {
  const stat = new StatBuilder()
    .graphMode(BigValueGraphMode.None)
    .noValue('0')
    // Counted are texts, too.
    .reduceOptions(
      new ReduceDataOptionsBuilder().calcs([calc]).fields(calc === 'count' ? '/.*/' : ''),
    )
  return decimals === undefined ? stat : stat.decimals(decimals)
}

function timeseriesOf({ thresholds }: Extract<View, { as: 'timeseries' }>): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .showPoints(VisibilityMode.Auto)
    // Some sources put all series into one table, with gaps where another series has its points.
    .spanNulls(true)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
  if (thresholds === undefined) return panel
  return panel
    .thresholds(distanceSteps())
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
}

function stateTimelineOf(show: Show): StateTimelineBuilder {
  const panel = new StateTimelineBuilder()
    .showValue(VisibilityMode.Auto)
    .spanNulls(true)
    .mergeValues(true)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.Hidden)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
  const isStatus = show.what === 'series' && show.metrics.includes('drift_status')
  return isStatus ? panel.mappings([statusMapping()]) : panel
}

function tableOf(
  { sortBy, links = false }: Extract<View, { as: 'table' }>,
  show: Show,
  family: Family,
): TableBuilder {
  const table = new TableBuilder().noValue('N/A')
  for (const column of columnsOf(show)) {
    const properties = propertiesOf(column)
    if (links && column.title === ENDPOINT_COLUMNS.endpoint_id.title) {
      properties.push({ id: 'links', value: [detailsLink(family)] })
    }
    if (properties.length > 0) table.overrideByName(column.title, properties)
  }
  if (sortBy === undefined) return table
  return table.sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)])
}

function columnsOf(show: Show): readonly Column[] {
  switch (show.what) {
    case 'endpoints':
      return show.columns.map((name) => ENDPOINT_COLUMNS[name])
    case 'features':
      return Object.values(FEATURE_COLUMNS)
    case 'distances':
      return Object.values(DISTANCE_COLUMNS)
    case 'total':
    case 'series':
    case 'pipeline':
      return []
  }
}

function propertiesOf({ kind, unit }: Column): DynamicConfigValue[] {
  switch (kind) {
    case 'text':
      return []
    case 'time':
      return [{ id: 'unit', value: 'dateTimeFromNow' }]
    case 'number':
      return unit === undefined ? [] : [{ id: 'unit', value: unit }]
    case 'status':
      return [{ id: 'mappings', value: [statusMapping()] }, coloredCell()]
    case 'distance':
      return [{ id: 'thresholds', value: distanceSteps().build() }, coloredCell()]
  }
}

function coloredCell(): DynamicConfigValue {
  return { id: 'custom.cellOptions', value: { type: 'color-background' } }
}

/** Records have words, metrics have numbers for them: both become words with a color. */
function statusMapping(): ValueMapping {
  const results = DRIFT_WORDS.flatMap(({ number, word }, index) => {
    const result = { text: word, color: COLORS[index] ?? 'text', index }
    return [[word, result] as const, [String(number), result] as const]
  })
  return { type: MappingType.ValueToText, options: Object.fromEntries(results) }
}

function distanceSteps(): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'transparent' },
    { value: POSSIBLE, color: 'yellow' },
    { value: DETECTED, color: 'red' },
  ])
}

/** To the details of the endpoint whose id is clicked. */
function detailsLink(family: Family): Readonly<Record<string, unknown>> {
  const uid = uidOf({ uid: DETAILS_UID }, family)
  const variables = `var-PROJECT=$PROJECT&var-MODEL=\${__value.text}`
  return { title: 'Details', url: `/d/${uid}/details?orgId=1&${variables}` }
}
