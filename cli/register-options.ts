import type { GivenThresholds } from '../lib/register/registration.ts'
import { endpointIdOf } from '../lib/stream/accept/endpoint-id.ts'
import { wrongUsage } from './errors.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'
import { readOptions, someText } from './usage.ts'

/** Where the profile comes from: a training set, an exported record, or the record in the store. */
export type ProfileSource =
  | {
      readonly kind: 'training-set'
      readonly path: string
      readonly labelColumns: readonly string[]
    }
  | { readonly kind: 'exported'; readonly path: string }
  | { readonly kind: 'stored' }

/** What `register` was asked to do. */
export interface RegisterOptions {
  readonly source: ProfileSource
  /** As events name it; null where nothing is registered, only exported. */
  readonly name: {
    readonly functionUri: string
    readonly model: string
    /** '' for none. */
    readonly version: string
  } | null
  readonly thresholds: GivenThresholds
  /** The file that the profile is written to; null for none. */
  readonly exportPath: string | null
  readonly dataFolder: string | undefined
  /** Replaces PROJECT. */
  readonly project: string | undefined
  readonly isJson: boolean
}

/** What `register --help` prints. */
export const REGISTER_HELP = `model-monitoring register --training-set FILE --function-uri URI --model M [options]

Writes what a training set looks like into the record of a model's endpoint, as MLRun does when a model is
logged with one: names of features and labels, and the statistics that drift is measured against. What
the stream wrote into the record stays. A function that runs learns it without a restart.

  --training-set FILE   CSV with a line of column names, packed by gzip or not, or Parquet
  --label-column L      a column that is no feature but what the model predicts; may be given again
  --function-uri URI    the function that serves the model, as events name it: PROJECT/NAME[:TAG]
  --model M             the model, as events name it
  --model-version V     its version, if events name one
  --project P           the project: goes before a --function-uri without one, and replaces PROJECT
  --possible-drift N    calls drift possible from this measure on, 0 to 1; by default as the record has it, else 0.5
  --drift-detected N    calls it detected from this measure on; else 0.7
  --export-record FILE  writes the profile to FILE: of the training set, which needs neither function nor
                        store then, or else of the record that the model has
  --from-record FILE    registers a profile that was exported, so that the training data need not travel
  --data DIR            into the store of this data folder; default: STORE_URL of the environment, else
                        ${DATA_FOLDER} or ${DEMO_FOLDER}, whichever there is
  --json                prints the record as it is then
  --help                shows this
`

/**
 * Reads the command line of `register`.
 *
 * @throws CliError with exit code 2
 */
export function readRegisterOptions(args: readonly string[]): RegisterOptions {
  const values = readOptions('register', args, {
    'training-set': { type: 'string' },
    'label-column': { type: 'string', multiple: true, default: [] },
    'function-uri': { type: 'string' },
    model: { type: 'string' },
    'model-version': { type: 'string' },
    project: { type: 'string' },
    'possible-drift': { type: 'string' },
    'drift-detected': { type: 'string' },
    'export-record': { type: 'string' },
    'from-record': { type: 'string' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const project = someText('project', values.project)
  const exportPath = someText('export-record', values['export-record']) ?? null
  const source = sourceOf({
    trainingSet: someText('training-set', values['training-set']),
    exported: someText('from-record', values['from-record']),
    labelColumns: values['label-column'].map((label) => someText('label-column', label) ?? ''),
    isExport: exportPath !== null,
  })
  const functionUri = someText('function-uri', values['function-uri'])
  const model = someText('model', values.model)
  const version = someText('model-version', values['model-version']) ?? ''
  const shared = {
    source,
    thresholds: thresholdsOf(values['possible-drift'], values['drift-detected']),
    exportPath,
    dataFolder: someText('data', values.data),
    project,
    isJson: values.json,
  }
  const isFileOnly = source.kind === 'training-set' && exportPath !== null
  if (functionUri === undefined && model === undefined && isFileOnly) {
    return { ...shared, name: null }
  }
  if (functionUri === undefined) {
    throw wrongUsage('Which function serves the model? Name it with --function-uri PROJECT/NAME.')
  }
  if (model === undefined) throw wrongUsage('Which model? Name it with --model.')
  if (version !== '' && model.includes(':')) {
    throw wrongUsage(
      `--model ${JSON.stringify(model)} names a version already: leave --model-version out.`,
    )
  }
  return { ...shared, name: { functionUri: fullUri(functionUri, project), model, version } }
}

function thresholdsOf(possible: string | undefined, detected: string | undefined): GivenThresholds {
  const possibleDrift = thresholdOf('possible-drift', possible)
  const driftDetected = thresholdOf('drift-detected', detected)
  if (possibleDrift !== undefined && driftDetected !== undefined && possibleDrift > driftDetected) {
    throw wrongUsage(
      '--possible-drift is more than --drift-detected: give the lower one as possible.',
    )
  }
  return {
    ...(possibleDrift === undefined ? {} : { possibleDrift }),
    ...(driftDetected === undefined ? {} : { driftDetected }),
  }
}

function thresholdOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const threshold = Number(text)
  if (/^\d*\.?\d+$/.test(text) && threshold <= 1) return threshold
  throw wrongUsage(`--${name} wants a number from 0 to 1, not ${JSON.stringify(text)}.`)
}

function sourceOf({
  trainingSet,
  exported,
  labelColumns,
  isExport,
}: {
  readonly trainingSet: string | undefined
  readonly exported: string | undefined
  readonly labelColumns: readonly string[]
  readonly isExport: boolean
}): ProfileSource {
  if (trainingSet !== undefined && exported !== undefined) {
    throw wrongUsage('Give --training-set or --from-record, not both.')
  }
  if (trainingSet !== undefined) return { kind: 'training-set', path: trainingSet, labelColumns }
  if (labelColumns.length > 0) {
    throw wrongUsage('--label-column names columns of a training set: give --training-set too.')
  }
  if (exported !== undefined && isExport) {
    throw wrongUsage('--from-record and --export-record together only copy a file: give one.')
  }
  if (exported !== undefined) return { kind: 'exported', path: exported }
  if (isExport) return { kind: 'stored' }
  throw wrongUsage('What is to be registered? Name a file with --training-set or --from-record.')
}

/** The uri with its project, of which an endpoint id can be made. */
function fullUri(given: string, project: string | undefined): string {
  const uri = given.includes('/') || project === undefined ? given : `${project}/${given}`
  if (endpointIdOf(uri, 'model') === null) {
    throw wrongUsage(
      `--function-uri wants PROJECT/NAME[:TAG], not ${JSON.stringify(given)}: ` +
        'take it from function_uri of an event.',
    )
  }
  const own = uri.slice(0, uri.indexOf('/'))
  if (project === undefined || project === own) return uri
  throw wrongUsage(
    `--project says ${JSON.stringify(project)} and --function-uri ${JSON.stringify(own)}: they must be the same.`,
  )
}
