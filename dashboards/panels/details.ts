import {
  type DashboardDescription,
  DETAILS_UID,
  type EndpointColumn,
  series,
  WHOLE,
} from '../describe.ts'

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

/** One endpoint. */
export const DETAILS: DashboardDescription = {
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
