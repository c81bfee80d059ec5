// Claim: /metrics is Prometheus' text format whatever names endpoints have: a metric's lines stand together under one
// HELP and TYPE, label values are escaped, and numbers are in base units.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { metricsText, NOT_FOR_METRICS } from '../../../lib/read/prometheus.ts'
import { pythonJson } from '../../../lib/stream/deliver/python-json.ts'
import type { LedgerEntry, StoredRecord } from '../../../lib/stream/ports.ts'

const none = { records: 0, metricRows: 0, metricValues: 0, parquetFiles: 0, parquetRows: 0 }
const status = {
  pending: { records: 1, metricRows: 2, parquetRows: 3 },
  written: { ...none, records: 10 },
  refused: none,
  catchingUp: false,
}

/** Of records as they are read for it: attributes that are left out are of no use. */
function textOf(records: readonly StoredRecord[], ledger: readonly LedgerEntry[] = []): string {
  const read = records.map(
    (one) => new Map([...one].filter(([name]) => !NOT_FOR_METRICS.includes(name))),
  )
  return metricsText({ records: read, project: 'p', ledger, status })
}

function record(values: Readonly<Record<string, string | number>>): StoredRecord {
  return new Map(Object.entries(values))
}

/** A text of the attribute with such alarms, as the record has it. */
function alarming(features: readonly string[]): string {
  const alarms = features.map((feature) => new Map([['feature', feature]]))
  return pythonJson({ state: 'measured', features: {}, alarms })
}

test('an endpoint with everything', () => {
  const counts = { accepted: 5, error: 4, ignored: 3, rejected: 2, duplicate: 1, waiting: 0 }
  const entry = {
    log: 'a',
    endpointId: '',
    offset: 9,
    minute: 1,
    counts: { received: 15, ...counts, rowsAccepted: 50, rowsRejected: 6 },
    whole: { letters: 8, deliveredBefore: 9 },
    quality: null,
  }
  const text = textOf(
    [
      record({
        endpoint_id: 'e1',
        model: 'm:v1',
        predictions_per_second: 2.5,
        predictions_count_5m: 750,
        latency_avg_1h: 1500,
        error_count: 3,
        first_request: '2021-02-28 21:02:58.642108',
        last_request: '2021-02-28 21:03:00.000000+00:00',
        drift_status: 'POSSIBLE_DRIFT',
        stream_drift: alarming(['mean', 'odd "alarms": [ name']),
        drift_measures: '{"f0":{"tvd":0.4},"tvd_mean":0.5,"hellinger_mean":0.25,"kld_mean":NaN}',
      }),
      record({
        endpoint_id: 'e2',
        project: 'q',
        stream_drift: alarming([]),
        drift_measures: '{"tvd_mean":0.125}',
      }),
    ],
    [entry, { ...entry, log: 'b' }],
  )
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const labels = 'project="p",endpoint_id="e1",model="m:v1"'
  const of = (name: string, sample: string): string => `mlrun_model_monitoring_${name}${sample}`
  assert.deepEqual(lines, [
    of('endpoints', ' 2'),
    of('endpoints_omitted', ' 0'),
    of('predictions_per_second', `{${labels}} 2.5`),
    of('predictions_window', `{${labels},window="5m"} 750`),
    of('latency_avg_seconds', `{${labels},window="1h"} 0.0015`),
    of('errors_total', `{${labels}} 3`),
    of('first_request_timestamp_seconds', `{${labels}} 1614546178.642`),
    of('last_request_timestamp_seconds', `{${labels}} 1614546180`),
    of('drift_status', `{${labels}} 1`),
    of('drift_alarmed_features', `{${labels}} 2`),
    of('drift_alarmed_features', '{project="q",endpoint_id="e2",model=""} 0'),
    of('drift_score', `{${labels},measure="tvd"} 0.5`),
    of('drift_score', `{${labels},measure="hellinger"} 0.25`),
    of('drift_score', '{project="q",endpoint_id="e2",model="",measure="tvd"} 0.125'),
    of('events_total', '{outcome="accepted"} 10'),
    of('events_total', '{outcome="error"} 8'),
    of('events_total', '{outcome="ignored"} 6'),
    of('events_total', '{outcome="rejected"} 4'),
    of('events_total', '{outcome="duplicate"} 2'),
    of('rows_total', '{outcome="accepted"} 100'),
    of('rows_total', '{outcome="rejected"} 12'),
    of('dead_letters_total', ' 16'),
    of('sink_buffered_rows', '{sink="kv"} 1'),
    of('sink_buffered_rows', '{sink="tsdb"} 2'),
    of('sink_buffered_rows', '{sink="parquet"} 3'),
    of('sink_written_rows_total', '{sink="kv"} 10'),
    of('sink_written_rows_total', '{sink="tsdb"} 0'),
    of('sink_written_rows_total', '{sink="parquet"} 0'),
    of('sink_refused_rows_total', '{sink="kv"} 0'),
    of('sink_refused_rows_total', '{sink="tsdb"} 0'),
    of('sink_refused_rows_total', '{sink="parquet"} 0'),
    of('catching_up', ' 0'),
    '',
  ])
})

const SAMPLE =
  /^(mlrun_model_monitoring_[a-z_]+)(?:\{([a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\n"])*")*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/u

test('any names and values give lines that a reader of the format takes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 })
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), text)
  const name = fc.oneof(
    text,
    text.map((end) => `latency_avg_${end}`),
    text.map((end) => `predictions_count_${end}`),
    fc.constantFrom('model', 'project', 'error_count', 'drift_status', 'drift_measures'),
    fc.constant('stream_drift'),
  )
  const records = fc.array(fc.array(fc.tuple(name, value)).map((all) => new Map(all)))
  fc.assert(
    fc.property(records, (given) => {
      const lines = textOf(given).split('\n')
      assert.equal(lines.pop(), '')
      let current = ''
      const seen = new Set<string>()
      for (const line of lines) {
        const [, typed] = /^# TYPE (\S+) (?:gauge|counter)$/.exec(line) ?? []
        if (typed !== undefined) {
          assert(!seen.has(typed), `${typed} stands in two places`)
          seen.add(typed)
          current = typed
        } else if (!line.startsWith('# HELP ')) {
          assert.equal(SAMPLE.exec(line)?.[1], current, line)
          assert(line.isWellFormed())
        }
      }
    }),
  )
})
