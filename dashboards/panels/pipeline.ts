import { type DashboardDescription, HALF, type Show } from '../describe.ts'

const PREFIX = 'mlrun_model_monitoring_'

function pipeline(expr: string, legend: string): Show {
  return { what: 'pipeline', expr: expr.replaceAll('MM_', PREFIX), legend }
}

/** The function itself. */
export const PIPELINE: DashboardDescription = {
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
