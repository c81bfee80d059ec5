import { BASE, type DashboardDescription, HALF, series, WHOLE } from '../describe.ts'

/** One endpoint over time. */
export const PERFORMANCE: DashboardDescription = {
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
