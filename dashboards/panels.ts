import {
  type DashboardDescription,
  DETAILS_UID,
  DETECTED,
  type EndpointColumn,
  type PanelDescription,
  POSSIBLE,
} from './describe.ts'

const MODELS: readonly EndpointColumn[] = [
  'endpoint_id',
  'function_uri',
  'model',
  'model_class',
  'first_request',
  'last_request',
  'predictions_per_second',
  'latency_avg_1h',
  'accuracy',
  'error_count',
  'drift_status',
]

const INFO: readonly EndpointColumn[] = [
  'endpoint_id',
  'model',
  'function_uri',
  'model_class',
  'predictions_per_second',
  'latency_avg_1h',
  'first_request',
  'last_request',
]

const BASE = 'base_metrics'
const HALF = { width: 12, height: 9 } as const
const WHOLE = { width: 24, height: 9 } as const

/** All endpoints of a project. */
const OVERVIEW: DashboardDescription = {
  name: 'overview',
  title: 'Model Monitoring - Overview',
  uid: 'g0M4uh0Mz',
  doc: 'The endpoints of a project: how much they do, how fast, and what fails or drifts.',
  refresh: '30s',
  hasModel: false,
  panels: [
    {
      id: 6,
      title: 'Endpoints',
      doc: 'Endpoints of the project that have a record.',
      show: { what: 'total', total: { by: 'count' } },
      view: { as: 'stat' },
      width: 4,
      height: 4,
    },
    {
      id: 8,
      title: 'Predictions/s (5 Minute Average)',
      doc: 'Of all endpoints together.',
      show: { what: 'total', total: { by: 'sum', attribute: 'predictions_per_second' } },
      view: { as: 'stat', decimals: 2 },
      width: 5,
      height: 4,
    },
    {
      id: 10,
      title: 'Average Latency (Last Hour)',
      doc: 'Mean over the predictions of all endpoints, so that a busy endpoint counts for more.',
      show: {
        what: 'total',
        total: { by: 'mean', attribute: 'latency_avg_1h', weight: 'predictions_count_1h' },
      },
      view: { as: 'stat', unit: 'µs' },
      width: 5,
      height: 4,
    },
    {
      id: 12,
      title: 'Errors',
      doc: 'Requests that failed, of all endpoints together, since they are known.',
      show: { what: 'total', total: { by: 'sum', attribute: 'error_count' } },
      view: { as: 'stat' },
      width: 5,
      height: 4,
    },
    {
      id: 13,
      title: 'Drifting Endpoints',
      doc: 'Endpoints whose drift status is DRIFT_DETECTED.',
      show: { what: 'total', total: { by: 'count', status: 'DRIFT_DETECTED' } },
      view: { as: 'stat' },
      width: 5,
      height: 4,
    },
    {
      id: 22,
      title: 'Models',
      doc: 'One row for each endpoint; its id leads to its details.',
      show: { what: 'endpoints', scope: 'project', columns: MODELS },
      view: { as: 'table', links: true },
      ...WHOLE,
    },
    {
      id: 18,
      title: 'Predictions/s (5 Minute Average) by Endpoint',
      doc: 'As it was at each sampled row.',
      show: series('project', BASE, ['predictions_per_second']),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 19,
      title: 'Average Latency (1 Hour) by Endpoint',
      doc: 'As it was at each sampled row.',
      show: series('project', BASE, ['latency_avg_1h']),
      view: { as: 'timeseries', unit: 'µs' },
      ...HALF,
    },
    {
      id: 20,
      title: 'Errors by Endpoint',
      doc: 'Failed requests of each endpoint so far.',
      show: series('project', BASE, ['error_count']),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 21,
      title: 'Drift Status',
      doc: 'From each change of an endpoint to the next.',
      show: { ...series('project', 'drift_events', ['drift_status']), isStepped: true },
      view: { as: 'state-timeline' },
      ...HALF,
    },
  ],
}

function series(
  scope: 'project' | 'model',
  recordType: string,
  metrics: readonly string[],
): Extract<PanelDescription['show'], { what: 'series' }> {
  return { what: 'series', scope, recordType, metrics }
}

/** One endpoint. */
const DETAILS: DashboardDescription = {
  name: 'details',
  title: 'Model Monitoring - Details',
  uid: DETAILS_UID,
  doc: 'One endpoint: what it is, and how its features compare with its training set.',
  refresh: '1m',
  hasModel: true,
  panels: [
    {
      id: 12,
      title: 'Endpoint',
      doc: 'The endpoint and its newest numbers.',
      show: { what: 'endpoints', scope: 'model', columns: INFO },
      view: { as: 'table' },
      width: 24,
      height: 4,
    },
    {
      id: 21,
      title: 'Overall Drift Analysis',
      doc: 'Distances of the features to the training set, as sums and means.',
      show: { what: 'distances' },
      view: { as: 'table' },
      width: 24,
      height: 4,
    },
    {
      id: 14,
      title: 'Features Analysis',
      doc: 'Each feature as the training set had it and as it is now; the most distant first.',
      show: { what: 'features' },
      view: { as: 'table', sortBy: 'TVD' },
      ...WHOLE,
    },
    {
      id: 16,
      title: 'Incoming Features',
      doc: 'Values of the sampled rows.',
      show: series('model', 'endpoint_features', []),
      view: { as: 'timeseries' },
      ...WHOLE,
    },
  ],
}

/** One endpoint over time. */
const PERFORMANCE: DashboardDescription = {
  name: 'performance',
  title: 'Model Monitoring - Performance',
  uid: '9CazA-UGz',
  doc: 'One endpoint over time.',
  refresh: '1m',
  hasModel: true,
  panels: [
    {
      id: 5,
      title: 'Drift Measures',
      doc: 'Means of the distances of all features, measured every five minutes.',
      show: series('model', 'drift_measures', []),
      view: { as: 'timeseries' },
      ...WHOLE,
    },
    {
      id: 6,
      title: 'Average Latency',
      doc: 'Over five minutes and over an hour.',
      show: series('model', BASE, ['latency_avg_5m', 'latency_avg_1h']),
      view: { as: 'timeseries', unit: 'µs' },
      ...HALF,
    },
    {
      id: 2,
      title: 'Predictions/s (5 Minute Average)',
      doc: 'As it was at each sampled row.',
      show: series('model', BASE, ['predictions_per_second']),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 7,
      title: 'Predictions Count',
      doc: 'Of five minutes and of an hour.',
      show: series('model', BASE, ['predictions_count_5m', 'predictions_count_1h']),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 8,
      title: 'Errors',
      doc: 'Failed requests so far.',
      show: series('model', BASE, ['error_count']),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 4,
      title: 'Custom Metrics',
      doc: 'What the model server sends beside its predictions.',
      show: series('model', 'custom_metrics', []),
      view: { as: 'timeseries' },
      ...WHOLE,
    },
  ],
}

const DISTANCES = [POSSIBLE, DETECTED] as const

/** Drift of one endpoint, beside the others of its project. */
const DRIFT: DashboardDescription = {
  name: 'drift',
  title: 'Model Monitoring - Drift',
  uid: 'mmDriftMz',
  doc: 'How far the features are from the training set, over time.',
  refresh: '1m',
  hasModel: true,
  panels: [
    {
      id: 1,
      title: 'Drift Status by Endpoint',
      doc: 'All endpoints of the project.',
      show: {
        what: 'endpoints',
        scope: 'project',
        columns: ['endpoint_id', 'model', 'last_request', 'drift_status'],
      },
      view: { as: 'table', links: true },
      ...HALF,
    },
    {
      id: 2,
      title: 'Alarmed Features by Endpoint',
      doc: 'Features whose change luck does not explain: from each change to the next.',
      show: { ...series('project', 'drift_events', ['alarmed_features']), isStepped: true },
      view: { as: 'state-timeline' },
      ...HALF,
    },
    {
      id: 3,
      title: 'Mean Distances',
      doc: 'Of all features of the endpoint, with the thresholds of possible and detected drift.',
      show: series('model', 'drift_measures', ['tvd_mean', 'hellinger_mean', 'kld_mean']),
      view: { as: 'timeseries', thresholds: DISTANCES },
      ...HALF,
    },
    {
      id: 4,
      title: 'Distance by Feature',
      doc: 'Total variation distance, 0 to 1.',
      show: series('model', 'drift_features', []),
      view: { as: 'timeseries', thresholds: DISTANCES },
      ...HALF,
    },
    {
      id: 5,
      title: 'Features Analysis',
      doc: 'Each feature as the training set had it and as it is now; the most distant first.',
      show: { what: 'features' },
      view: { as: 'table', sortBy: 'TVD' },
      ...WHOLE,
    },
    {
      id: 6,
      title: 'Data Quality',
      doc: 'Values of each minute that are missing, of a wrong type, outside of the training range or unseen in it, and the rows looked at.',
      show: series('model', 'data_quality', [
        'rows',
        'missing',
        'wrong_type',
        'out_of_range',
        'unseen',
      ]),
      view: { as: 'timeseries' },
      ...WHOLE,
    },
  ],
}

const PREFIX = 'mlrun_model_monitoring_'

function pipeline(expr: string, legend: string): PanelDescription['show'] {
  return { what: 'pipeline', expr: expr.replaceAll('MM_', PREFIX), legend }
}

/** The function itself. */
const PIPELINE: DashboardDescription = {
  name: 'pipeline',
  title: 'Model Monitoring - Pipeline',
  uid: 'mmPipelineMz',
  doc: 'The function itself: what comes in, what is written, what waits. Sinks are of the process that answers the scrape.',
  refresh: '30s',
  hasModel: false,
  panels: [
    {
      id: 1,
      title: 'Events by Outcome',
      doc: 'Per second, up to the last full minute.',
      show: pipeline('max by (outcome) (rate(MM_events_total[$__rate_interval]))', '{{outcome}}'),
      view: { as: 'timeseries', unit: 'cps' },
      ...HALF,
    },
    {
      id: 2,
      title: 'Rows by Outcome',
      doc: 'Per second, up to the last full minute.',
      show: pipeline('max by (outcome) (rate(MM_rows_total[$__rate_interval]))', '{{outcome}}'),
      view: { as: 'timeseries', unit: 'cps' },
      ...HALF,
    },
    {
      id: 3,
      title: 'Waiting to be Written',
      doc: 'Rows and records, by sink.',
      show: pipeline('sum by (sink) (MM_sink_buffered_rows)', '{{sink}}'),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 4,
      title: 'Written Rows',
      doc: 'Rows and records per second, by sink.',
      show: pipeline(
        'sum by (sink) (rate(MM_sink_written_rows_total[$__rate_interval]))',
        '{{sink}}',
      ),
      view: { as: 'timeseries', unit: 'cps' },
      ...HALF,
    },
    {
      id: 5,
      title: 'Refused Rows',
      doc: 'Rows and records that a store refused for good, in the range, by sink.',
      show: pipeline('sum by (sink) (increase(MM_sink_refused_rows_total[$__range]))', '{{sink}}'),
      view: { as: 'timeseries' },
      ...HALF,
    },
    {
      id: 6,
      title: 'Dead Letters',
      doc: 'Events that were not taken, since the logs began.',
      show: pipeline('max(MM_dead_letters_total)', 'dead letters'),
      view: { as: 'stat' },
      width: 6,
      height: 9,
    },
    {
      id: 7,
      title: 'Catching Up',
      doc: 'Processes that read their spool again: their numbers are not up to the present.',
      show: pipeline('sum(MM_catching_up)', 'processes'),
      view: { as: 'stat' },
      width: 6,
      height: 9,
    },
  ],
}

/** Every dashboard. A family leaves out panels that it has no data for, and dashboards of which none is left. */
export const DASHBOARDS: readonly DashboardDescription[] = [
  OVERVIEW,
  DETAILS,
  PERFORMANCE,
  DRIFT,
  PIPELINE,
]
