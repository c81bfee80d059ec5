/** What an editor of queries offers: functions, their parameters, and values to choose from. */

import { isJsonObject } from '../stream/accept/event.ts'
import {
  DATA_QUALITY,
  DRIFT_EVENTS,
  DRIFT_FEATURES,
  DRIFT_MEASURES,
} from '../stream/deliver/drift-writer.ts'
import { FUNCTION_NAMES } from './data-source.ts'
import { type Found, found, refuse } from './found.ts'
import { columnTypeOf, idOf } from './record-values.ts'
import { decodePayload } from './request-body.ts'
import { chosenRecords, projectNames, type ReadSources } from './sources.ts'

/** A choice as simPod's data source shows it. */
export interface Choice {
  readonly label: string
  readonly value: string
}

const ENDPOINT = ['project', 'endpoint_id']
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  list_endpoints: ['project'],
  series: ['project', 'endpoint_id', 'record_type', 'metric'],
  annotations: ['project', 'endpoint_id', 'model'],
}

/** `POST /metrics` of simPod's data source: each function with its parameters. */
export function functionChoices(): readonly object[] {
  return FUNCTION_NAMES.map((name) => ({
    label: name.replaceAll('_', ' '),
    value: name,
    payloads: (PARAMETERS[name] ?? ENDPOINT).map((parameter) => ({
      name: parameter,
      label: parameter.replaceAll('_', ' '),
      type: 'select',
      reloadMetric: parameter === 'project',
    })),
  }))
}

/** `POST /metric-payload-options`: values of the parameter `name`, given those that were chosen. */
export async function parameterChoices(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly Choice[]>> {
  const { name, payload = {} } = isJsonObject(body) ? body : {}
  if (typeof name !== 'string') return refuse('name must be the name of a parameter.')
  const chosen = decodePayload(payload)
  if (!chosen.ok) return chosen
  const project = chosen.value.get('project') || null
  const values = await valuesOf(name, project, sources)
  if (values === null) return refuse(`There is no parameter ${JSON.stringify(name.slice(0, 100))}.`)
  return found(values)
}

const TAG_KEYS = ['endpoint_id', 'model', 'function_uri', 'record_type']
const RECORD_TYPES = [
  'base_metrics',
  'endpoint_features',
  'custom_metrics',
  DRIFT_MEASURES,
  DRIFT_FEATURES,
  DRIFT_EVENTS,
  DATA_QUALITY,
]

/** `POST /tag-keys`: what a dashboard's filters may ask for. */
export function tagKeys(): readonly object[] {
  return TAG_KEYS.map((text) => ({ type: 'string', text }))
}

/** `POST /tag-values`: values of `key`. */
export async function tagValues(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly { readonly text: string }[]>> {
  const { key } = isJsonObject(body) ? body : {}
  if (typeof key !== 'string' || !TAG_KEYS.includes(key)) {
    return refuse(`key must be one of ${TAG_KEYS.join(', ')}.`)
  }
  const values = (await valuesOf(key, null, sources)) ?? []
  return found([...new Set(values.map(({ value }) => value))].map((text) => ({ text })))
}

/** Values of a parameter; null for a name that is none. */
async function valuesOf(
  name: string,
  project: string | null,
  sources: ReadSources,
): Promise<readonly Choice[] | null> {
  if (name === 'project') return (await projectNames(sources)).map(plain)
  if (name === 'record_type') return RECORD_TYPES.map(plain)
  if (!['endpoint_id', 'model', 'function_uri', 'metric'].includes(name)) return null
  const records = await chosenRecords(sources, { project })
  if (name === 'metric') return [...metricNames(records)].sort().map(plain)
  if (name !== 'endpoint_id') {
    const values = new Set(records.map((record) => String(record.get(name) ?? '')))
    return [...values]
      .filter((value) => value !== '')
      .sort()
      .map(plain)
  }
  return records.map((record) => {
    const id = idOf(record)
    return { label: `${record.get('model') ?? ''} (${id})`, value: id }
  })
}

/** The numbers that records and the base metrics share. */
function metricNames(records: Awaited<ReturnType<typeof chosenRecords>>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const record of records) {
    for (const [name, value] of record) {
      const isMetric = columnTypeOf(name, []) === 'number' && name !== 'accuracy'
      if (isMetric && typeof value === 'number') names.add(name)
    }
  }
  return names
}

function plain(value: string): Choice {
  return { label: value, value }
}
