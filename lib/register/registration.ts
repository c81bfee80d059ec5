import { endpointCandidates } from '../stream/accept/decode.ts'
import { isJsonObject } from '../stream/accept/event.ts'
import { tryParseJson } from '../stream/accept/parse-json.ts'
import { pythonJson } from '../stream/deliver/python-json.ts'
import { parseThresholds, type Thresholds } from '../stream/drift/measures.ts'
import { StreamError, unreachable } from '../stream/errors.ts'
import type { Attribute, KvSink, RecordReader, StoredRecord } from '../stream/ports.ts'
import { decodeStats } from './profile-format.ts'
import { featureStatsJson } from './stats-json.ts'
import { featureNamesOf, type ProfileColumn, type TrainingProfile } from './training-profile.ts'

/** Which endpoint is meant: as events name it. */
export interface EndpointName {
  /** `project/name[:tag][@hash]` */
  readonly functionUri: string
  readonly model: string
  /** '' for none: then DEFAULT_VERSION decides, as for events without one. */
  readonly version: string
}

/** Where records are read and written. */
export interface RecordStore {
  readonly records: RecordReader
  readonly kv: KvSink
  /** The setting. */
  readonly defaultVersion: string
}

/** An endpoint and what the store has of it. */
export interface FoundEndpoint {
  readonly endpointId: string
  /** With its version. */
  readonly model: string
  /** Null if there is none yet. */
  readonly record: StoredRecord | null
}

/**
 * The endpoint that events of this name belong to: its record, or the id that it will get.
 *
 * @returns  null if no id can be made of the names
 * @throws StreamError `store-unavailable`
 */
export async function findEndpoint(
  { functionUri, model, version }: EndpointName,
  { records, defaultVersion }: Pick<RecordStore, 'records' | 'defaultVersion'>,
): Promise<FoundEndpoint | null> {
  const candidates = endpointCandidates(
    { functionUri, model, version, endpointId: '' },
    defaultVersion,
  )
  const stored = await records.read(candidates.map(({ endpointId }) => endpointId))
  // As the stream chooses: the first id, unless only a later one has a record (D3).
  const chosen = candidates.find(({ endpointId }) => stored.has(endpointId)) ?? candidates[0]
  if (chosen === undefined) return null
  return { ...chosen, record: stored.get(chosen.endpointId) ?? null }
}

/**
 * What a registration writes: what it knows, and of what it knows nothing the empty values that MLRun's API
 * writes, but only where the record has no such attribute. Everything that the stream, the drift job or an
 * operator wrote stays.
 * Source: MLRun 0.6.5, `ModelEndpoints.create_or_patch`.
 */
export function registrationAttributes(
  { endpointId, model, record }: FoundEndpoint,
  {
    functionUri,
    profile,
    thresholds = {},
  }: {
    readonly functionUri: string
    readonly profile: TrainingProfile
    readonly thresholds?: GivenThresholds
  },
): ReadonlyMap<string, Attribute> {
  const { labelNames } = profile
  const attributes = new Map<string, Attribute>()
  const setText = (name: string, value: string): void => {
    attributes.set(name, { type: 'string', value })
  }
  setText('endpoint_id', endpointId)
  setText('project', functionUri.slice(0, functionUri.indexOf('/')))
  setText('function_uri', functionUri)
  setText('model', model)
  attributes.set('active', { type: 'boolean', value: true })
  setText('feature_stats', featureStatsJson(profile))
  setText('feature_names', pythonJson(featureNamesOf(profile)))
  if (labelNames.length > 0) {
    // MLRun's API reads label_names, the function of August 2021 label_columns (D29).
    setText('label_names', pythonJson(labelNames))
    setText('label_columns', pythonJson(labelNames))
  }
  const configuration = configurationOf(record, thresholds)
  if (configuration !== null) setText('monitor_configuration', configuration)
  for (const [name, value] of EMPTY_VALUES) {
    if (!attributes.has(name) && !(record?.has(name) ?? false)) setText(name, value)
  }
  return attributes
}

/** Both keys, the one that is not given as the record has it; null where none is given. */
function configurationOf(record: StoredRecord | null, given: GivenThresholds): string | null {
  if (given.possibleDrift === undefined && given.driftDetected === undefined) return null
  const text = String(record?.get('monitor_configuration') ?? '')
  const known = tryParseJson(text)
  const { possibleDrift, driftDetected } = { ...parseThresholds(text), ...given }
  return pythonJson({
    ...(isJsonObject(known) ? known : {}),
    possible_drift: possibleDrift,
    drift_detected: driftDetected,
  })
}

const EMPTY_VALUES = new Map([
  ['model_class', ''],
  ['labels', '{}'],
  ['model_uri', ''],
  ['stream_path', ''],
  ['state', ''],
  ['current_stats', '{}'],
  ['label_names', '[]'],
  ['monitor_configuration', '{}'],
])

const TRIES_MAX = 5
const PAUSE_MS = 500

/** What is registered. */
export interface Registration {
  readonly name: EndpointName
  readonly profile: TrainingProfile
  /** Of its own for that endpoint; those that it has stay where none are given. */
  readonly thresholds?: GivenThresholds
}

/** From which drift measure on it is called possible, or detected; >= 0. */
export type GivenThresholds = Partial<Thresholds>

/**
 * Writes a registration into the store.
 *
 * @param wait  lets so many milliseconds pass before another try
 * @returns     the endpoint with its record as it is then; null if no id can be made of the names
 * @throws StreamError `store-unavailable` when the store cannot be read, or does not take it
 */
export async function register(
  { name, profile, thresholds = {} }: Registration,
  { store, wait }: { readonly store: RecordStore; readonly wait: (ms: number) => Promise<void> },
): Promise<FoundEndpoint | null> {
  const found = await findEndpoint(name, store)
  if (found === null) return null
  const { functionUri } = name
  const attributes = registrationAttributes(found, { functionUri, profile, thresholds })
  const update = { endpointId: found.endpointId, attributes }
  for (let tries = 1; ; tries++) {
    const reason = await tryToWrite(update, store.kv)
    if (reason === null) break
    if (tries === TRIES_MAX) throw notTaken(reason)
    await wait(PAUSE_MS * tries)
  }
  const record = (await store.records.read([found.endpointId])).get(found.endpointId) ?? null
  return { ...found, record }
}

/** Null when it is written, else why another try may help. */
async function tryToWrite(
  update: { readonly endpointId: string; readonly attributes: ReadonlyMap<string, Attribute> },
  kv: KvSink,
): Promise<string | null> {
  const outcome = await kv.write([update])
  switch (outcome.kind) {
    case 'written':
      return null
    case 'retry':
      return outcome.reason
    case 'rejected':
      throw notTaken(outcome.reason)
    case 'partial': {
      const [refused] = outcome.refused
      if (refused !== undefined) throw notTaken(refused.reason)
      return outcome.reason ?? 'it took a part'
    }
    default:
      return unreachable(outcome)
  }
}

function notTaken(reason: string): StreamError {
  const why = reason.replace(/\.$/, '')
  return new StreamError(
    'store-unavailable',
    `The store did not take the registration (${why}): see that it runs, and register again.`,
  )
}

/**
 * The profile that a record has, ours or MLRun's; null if it has none, or one that cannot be read. In the
 * order of its lists of names, which keep it where JSON objects do not.
 */
export function profileOfRecord(record: StoredRecord): TrainingProfile | null {
  const stats = tryParseJson(String(record.get('feature_stats') ?? ''))
  if (!isJsonObject(stats)) return null
  const labels = namesIn(record, 'label_names') ?? namesIn(record, 'label_columns') ?? []
  const labelNames = labels.filter((name) => Object.hasOwn(stats, name))
  const inOrder = [
    ...(namesIn(record, 'feature_names') ?? []),
    ...labelNames,
    ...Object.keys(stats),
  ]
  const columns: ProfileColumn[] = []
  for (const name of new Set(inOrder)) {
    if (!Object.hasOwn(stats, name)) continue
    const decoded = decodeStats(stats[name])
    if (!decoded.ok) return null
    columns.push({ name, stats: decoded.value })
  }
  const profile = { columns, labelNames }
  return featureNamesOf(profile).length === 0 ? null : profile
}

function namesIn(record: StoredRecord, attribute: string): readonly string[] | null {
  const names = tryParseJson(String(record.get(attribute) ?? ''))
  const isList = Array.isArray(names) && names.length > 0
  return isList && names.every((name) => typeof name === 'string') ? names : null
}
