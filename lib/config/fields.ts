import {
  bytes,
  choice,
  count,
  type Field,
  millis,
  period,
  seconds,
  text,
  type ValueOf,
  windowList,
} from './kinds.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const WEEK_SECS = 7 * 86_400
const YEAR_SECS = 366 * 86_400

/**
 * Every setting of the function, once. The environment name is the field's in upper snake case;
 * parser, type, schema, documentation and function.yaml are derived from here. The first 17 are
 * those of MLRun's stream function of April 2021, with its names and defaults.
 */
export const fields = {
  project: text({
    default: 'default',
    format: 'path-part',
    group: 'original',
    doc: 'Project of the endpoints; replaces `{project}` in the paths.',
  }),
  sampleWindow: count({
    default: 10,
    unit: 'rows',
    min: 1,
    max: 1_000_000_000,
    group: 'original',
    doc:
      'The first of every so many rows of an endpoint updates its record and its metrics; 1 ' +
      'takes every row.',
  }),
  kvPathTemplate: text({
    default: '{project}/model-endpoints/endpoints',
    format: 'template',
    group: 'original',
    doc: 'Table of the endpoint records inside the container.',
  }),
  tsdbPathTemplate: text({
    default: '{container}/{project}/model-endpoints/events',
    format: 'template',
    group: 'original',
    doc: 'Table of the metrics: the first part is its container, the rest its path.',
  }),
  parquetPathTemplate: text({
    default: '/v3io/projects/{project}/model-endpoints/parquet',
    format: 'directory-template',
    group: 'original',
    doc: 'Mounted directory of the Parquet files, or `v3io://CONTAINER/PATH`, which needs V3IO_API.',
  }),
  tsdbBatchingMaxEvents: count({
    default: 10,
    unit: 'rows',
    min: 1,
    max: 1_000_000,
    group: 'original',
    doc: 'Sampled rows that fill the TSDB batch of one endpoint.',
  }),
  tsdbBatchingTimeoutSecs: seconds({
    default: 300,
    min: 0.1,
    max: WEEK_SECS,
    group: 'original',
    doc: 'Age of the oldest row at which a TSDB batch is written although it is not full.',
  }),
  parquetBatchingMaxEvents: count({
    default: 10_000,
    unit: 'rows',
    min: 1,
    max: 1_000_000,
    group: 'original',
    doc: 'Rows that fill one Parquet file.',
  }),
  parquetBatchingTimeoutSecs: seconds({
    default: 3600,
    min: 0.1,
    max: WEEK_SECS,
    group: 'original',
    doc: 'Age of the oldest row at which a Parquet file is written although it is not full.',
  }),
  container: text({
    default: 'projects',
    format: 'path-part',
    group: 'original',
    doc:
      'V3IO container of the endpoint records and the metrics; replaces `{container}` in the ' +
      'paths.',
  }),
  v3ioAccessKey: text({
    default: '',
    secret: true,
    group: 'original',
    doc: 'V3IO access key; never logged.',
  }),
  v3ioFramesd: text({
    default: '',
    example: 'http://framesd:8080',
    group: 'original',
    doc: 'Address of the V3IO frames server, which keeps the metrics.',
  }),
  timeFormat: text({
    default: '%Y-%m-%d %H:%M:%S.%f',
    group: 'original',
    doc: 'Accepted and without effect: times of events are read whatever their spelling.',
  }),
  aggregateCountWindows: windowList({
    default: ['5m', '1h'],
    group: 'original',
    doc:
      'Windows in which predictions are counted; each one is a column ' +
      '`predictions_count_<window>`.',
  }),
  aggregateCountPeriod: period({
    default: '30s',
    group: 'original',
    doc: 'Width of the buckets of the count windows, which are multiples of it.',
  }),
  aggregateAvgWindows: windowList({
    default: ['5m', '1h'],
    group: 'original',
    doc: 'Windows over which the latency is averaged; each one is a column `latency_avg_<window>`.',
  }),
  aggregateAvgPeriod: period({
    default: '30s',
    group: 'original',
    doc: 'Width of the buckets of the average windows, which are multiples of it.',
  }),
  storeUrl: text({
    default: 'auto',
    format: 'store',
    secret: true,
    group: 'store',
    doc:
      'Where records and metrics go: `v3io`, `postgres://USER:PASSWORD@HOST/DATABASE` or ' +
      '`embedded:DIRECTORY`; `auto` is v3io when V3IO_API or V3IO_FRAMESD is set, else the ' +
      'embedded store of the local runner. Never logged, as it may hold a password.',
  }),
  v3ioApi: text({
    default: '',
    example: 'http://v3io-webapi:8081',
    group: 'store',
    doc: 'Address of the V3IO web API, which keeps the endpoint records.',
  }),
  ack: choice({
    choices: ['spooled', 'delivered'],
    default: 'spooled',
    group: 'spool',
    doc:
      'When the stream may forget an event: when it is in the spool on disk, or only when all ' +
      'its rows are written.',
  }),
  ackWindowSize: count({
    default: 0,
    unit: 'events',
    min: 0,
    max: 1_000_000,
    group: 'spool',
    doc:
      'The same number as `ackWindowSize` of the stream trigger, which the function is not told ' +
      'otherwise; ACK=delivered needs it.',
  }),
  spoolPath: text({
    default: '/var/lib/model-monitoring/spool',
    format: 'path',
    group: 'spool',
    doc:
      'Directory of the spool: events that are not yet delivered. It must outlive the ' +
      'container.',
  }),
  spoolAdoptIntervalMs: millis({
    default: 30_000,
    min: 100,
    max: 86_400_000,
    group: 'spool',
    doc:
      'Time between two looks for spools below SPOOL_PATH whose process is gone; this one takes ' +
      'them over.',
  }),
  spoolBytesMax: bytes({
    default: GIB,
    min: 8 * KIB,
    max: 1024 * GIB,
    group: 'spool',
    doc:
      'Size of one spool; at half of it the oldest rows are written early, at all of it answers ' +
      'are held back.',
  }),
  spoolSegmentBytes: bytes({
    default: 64 * MIB,
    min: 4 * KIB,
    max: GIB,
    group: 'spool',
    doc: 'Size at which the spool begins a new file; files are deleted as a whole.',
  }),
  spoolSync: choice({
    choices: ['background', 'every'],
    default: 'background',
    group: 'spool',
    doc:
      'When spooled events are made to survive a power cut: every SPOOL_SYNC_INTERVAL_MS, or ' +
      'each one before its answer.',
  }),
  spoolSyncIntervalMs: millis({
    default: 10,
    min: 1,
    max: 60_000,
    group: 'spool',
    doc: 'Time between two syncs in the background.',
  }),
  deadLetterPath: text({
    default: '/var/lib/model-monitoring/dead-letters',
    format: 'path',
    group: 'spool',
    doc:
      'Directory of the dead letters: what was refused, with the reason. It must outlive the ' +
      'container.',
  }),
  kvBatchingTimeoutSecs: seconds({
    default: 2,
    min: 0,
    max: WEEK_SECS,
    group: 'delivery',
    doc: 'Time in which the updates of one endpoint record become one write.',
  }),
  flushIntervalMs: millis({
    default: 1000,
    min: 10,
    max: 60_000,
    group: 'delivery',
    doc: 'Time between two looks for batches that are due.',
  }),
  parquetBatchingBytesMax: bytes({
    default: 32 * MIB,
    min: 4 * KIB,
    max: GIB,
    group: 'delivery',
    doc: 'Memory at which one open Parquet batch is written although it is neither full nor old.',
  }),
  parquetOpenBytesMax: bytes({
    default: 512 * MIB,
    min: 4 * KIB,
    max: 64 * GIB,
    group: 'delivery',
    doc: 'Memory of all open Parquet batches together; beyond it the oldest are written first.',
  }),
  defaultVersion: text({
    default: 'latest',
    group: 'events',
    doc:
      'Version of models whose events have none; empty for none, as in April 2021. Endpoint ids ' +
      'depend on it.',
  }),
  endpointsMax: count({
    default: 100_000,
    unit: 'endpoints',
    min: 1,
    max: 10_000_000,
    group: 'events',
    doc: 'Endpoints kept in memory; beyond it events of new ones are rejected.',
  }),
  whenSkewMax: seconds({
    default: 600,
    min: 0,
    max: YEAR_SECS,
    group: 'events',
    doc: 'How far the time of an event may lie after its arrival; beyond it the event is rejected.',
  }),
  eventRowsMax: count({
    default: 10_000,
    unit: 'rows',
    min: 1,
    max: 1_000_000,
    group: 'events',
    doc: 'Rows of one event.',
  }),
  eventFeaturesMax: count({
    default: 2000,
    unit: 'features',
    min: 1,
    max: 100_000,
    group: 'events',
    doc: 'Features of one row.',
  }),
  eventTextCharsMax: count({
    default: 4096,
    unit: 'characters',
    min: 1,
    max: 1_048_576,
    group: 'events',
    doc: 'Length of request ids and of values that are texts, labels among them.',
  }),
  eventNameCharsMax: count({
    default: 512,
    unit: 'characters',
    min: 1,
    max: 65_536,
    group: 'events',
    doc: 'Length of the names in an event: function, model, features, labels.',
  }),
  eventLabelsMax: count({
    default: 64,
    unit: 'labels',
    min: 0,
    max: 10_000,
    group: 'events',
    doc: 'Labels of one event; also its entities and its metrics, each.',
  }),
  driftWindow: period({
    default: '1h',
    group: 'drift',
    doc:
      'Rows that are compared with the training set: those of this time, in 12 panes; at the end of ' +
      'each pane the drift is measured, at the end of each window alarms are raised.',
  }),
  driftFalseAlarmsPerMonth: count({
    default: 1,
    unit: 'alarms',
    min: 0,
    max: 1000,
    group: 'drift',
    doc: 'False alarms of one endpoint in a month, at most, in the mean; 0 for no alarms.',
  }),
  readAuth: choice({
    choices: ['auto', 'none', 'required', 'token'],
    default: 'auto',
    group: 'reading',
    doc:
      'Who may read over HTTP: everybody, whoever sends any key (as in 2021), or whoever sends the ' +
      'right one; `auto` is token when READ_TOKEN or V3IO_ACCESS_KEY is set, else none.',
  }),
  readToken: text({
    default: '',
    secret: true,
    group: 'reading',
    doc: 'The key to read with; where it is empty, V3IO_ACCESS_KEY is. Never logged.',
  }),
  clock: choice({
    choices: ['wall', 'trigger'],
    default: 'wall',
    group: 'process',
    doc:
      'What time it is: the time of day, or the time stamp of the trigger, for recorded streams ' +
      'that the local runner plays; from the first event that is pushed over HTTP on, the time of day.',
  }),
  logLevel: choice({
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    group: 'process',
    doc: 'Least level of the lines that are logged.',
  }),
} as const

/** The name of a setting in the program, such as `sampleWindow`. */
export type FieldName = keyof typeof fields

/** All settings, checked; numbers are in the unit and within the bounds of their declaration. */
export type Config = { readonly [K in FieldName]: ValueOf<(typeof fields)[K]> }

/** Every setting with its names, in order of declaration. */
export const settings: readonly {
  readonly name: FieldName
  /** Name in the environment, such as `SAMPLE_WINDOW`. */
  readonly envName: string
  readonly field: Field
}[] = Object.entries(fields).map(([name, field]) => ({
  name: name as FieldName,
  envName: envNameOf(name),
  field,
}))

/** The name of a setting in the environment: `sampleWindow` -> `SAMPLE_WINDOW`. */
export function envNameOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
