import { type DashboardDescription, DETECTED, HALF, POSSIBLE, series, WHOLE } from '../describe.ts'

const DISTANCES = [POSSIBLE, DETECTED] as const

/** Drift of one endpoint, beside the others of its project. */
export const DRIFT: DashboardDescription = {
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
