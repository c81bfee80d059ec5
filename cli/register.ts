import { join } from 'node:path'
import wasmPath from 'parquet-wasm/esm/parquet_wasm_bg.wasm'
import type { Environment } from '../lib/config/parse.ts'
import { encodeProfile } from '../lib/register/profile-format.ts'
import { readTrainingSet } from '../lib/register/read-training-set.ts'
import { profileOfRecord } from '../lib/register/registration.ts'
import type { ColumnStats, TrainingProfile } from '../lib/register/training-profile.ts'
import { trouble } from './errors.ts'
import { readProfile, writeProfile } from './profile-file.ts'
import {
  type ProfileSource,
  type RegisterOptions,
  readRegisterOptions,
} from './register-options.ts'
import { openRegistrar, type Registrar } from './registrar.ts'
import { type Column, formatNumber, printable, tableLines } from './table.ts'

/**
 * `model-monitoring register`.
 *
 * @returns  the exit code
 * @throws CliError, StreamError
 */
export async function registerTrainingSet(args: readonly string[]): Promise<number> {
  const options = readRegisterOptions(args)
  const { source, name, thresholds, exportPath, dataFolder, project, isJson } = options
  // Before a store is touched, so that a bad file changes nothing.
  const given = source.kind === 'stored' ? null : await profileOf(source)
  if (name === null) return exported(given, options)
  const env: Environment =
    project === undefined ? process.env : { ...process.env, PROJECT: project }
  const registrar = await openRegistrar(dataFolder, env, { mayMake: given !== null })
  try {
    if (given === null) return exported(await storedProfile(registrar, name), options)
    const found = await registrar.register({ name, profile: given, thresholds })
    if (found === null) throw noId()
    if (exportPath !== null) writeProfile(exportPath, given)
    if (isJson) {
      process.stdout.write(`${JSON.stringify(Object.fromEntries(found.record ?? []))}\n`)
      return 0
    }
    const { endpointId, model } = found
    const what = `Registered ${printable(model)} of ${printable(name.functionUri)}`
    print([
      `${what}, endpoint ${endpointId}:`,
      '',
      ...profileLines(given),
      '',
      registrar.hasFunction
        ? `Written through ${registrar.shown}, which knows it.`
        : `Written to ${printable(registrar.shown)}. A function that runs reads it within a minute.`,
      ...exportLines(exportPath),
    ])
    return 0
  } finally {
    await registrar.close()
  }
}

async function profileOf(
  source: Exclude<ProfileSource, { readonly kind: 'stored' }>,
): Promise<TrainingProfile> {
  if (source.kind === 'exported') return readProfile(source.path)
  const { path, labelColumns } = source
  return await readTrainingSet(path, { labelColumns, wasmFile: join(__dirname, wasmPath) })
}

async function storedProfile(
  registrar: Registrar,
  name: NonNullable<RegisterOptions['name']>,
): Promise<TrainingProfile> {
  const found = await registrar.find(name)
  if (found === null) throw noId()
  const { model, record } = found
  const shown = `${printable(model)} of ${printable(name.functionUri)}`
  if (record === null) {
    throw trouble(
      `There is no record of ${shown}: "model-monitoring endpoints" shows all there are.`,
    )
  }
  const profile = profileOfRecord(record)
  if (profile !== null) return profile
  throw trouble(
    `The record of ${shown} has no statistics that can be read: register its training set first.`,
  )
}

function exported(
  profile: TrainingProfile | null,
  { exportPath, isJson }: RegisterOptions,
): number {
  if (profile === null || exportPath === null) throw noId()
  writeProfile(exportPath, profile)
  if (isJson) process.stdout.write(encodeProfile(profile))
  else print([...profileLines(profile), '', ...exportLines(exportPath)])
  return 0
}

function noId(): Error {
  return trouble(
    'No endpoint id can be made of --function-uri and --model: see that both are right.',
  )
}

function exportLines(path: string | null): readonly string[] {
  if (path === null) return []
  return [`Exported to ${path}: "model-monitoring register --from-record" registers it elsewhere.`]
}

const COLUMNS: readonly Column[] = [
  { title: 'column' },
  { title: 'is' },
  { title: 'values', align: 'right' },
  { title: 'mean', align: 'right' },
  { title: 'std', align: 'right' },
  { title: 'min', align: 'right' },
  { title: 'max', align: 'right' },
  { title: 'drift' },
]

function profileLines({ columns, labelNames }: TrainingProfile): readonly string[] {
  const rows = columns.map(({ name, stats }) => [
    name,
    labelNames.includes(name) ? 'label' : 'feature',
    formatNumber(stats.count),
    ...statsCells(stats),
    stats.histogram === null ? 'not measured' : `${stats.histogram.counts.length} bins`,
  ])
  return tableLines(COLUMNS, rows)
}

function statsCells(stats: ColumnStats): readonly string[] {
  if (stats.kind === 'category') {
    return [`${stats.unique} different`, '', String(stats.top).slice(0, 20), '']
  }
  return [stats.mean, stats.std, stats.min, stats.max].map((value) =>
    value === null ? '-' : String(Number(value.toPrecision(6))),
  )
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
