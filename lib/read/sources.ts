import type { RecordReader, StoredRecord, StoreReader } from '../stream/ports.ts'
import type { LabelFilter } from './filters.ts'
import { matches } from './filters.ts'
import { JSON_ATTRIBUTES } from './record-values.ts'

/** A table by its container and its path inside, without slashes at either end. */
export interface TablePlace {
  readonly container: string
  readonly path: string
}

/** What answers are made of: the stores, never what this process has in its windows. */
export interface ReadSources {
  readonly reader: StoreReader
  readonly records: RecordReader
  /** PROJECT: of records that name none. */
  readonly project: string
  /** Where the settings have the two tables. */
  readonly tables: { readonly endpoints: TablePlace; readonly metrics: TablePlace }
  /** The time of day, whole milliseconds since 1970 UTC. */
  readonly nowMs: number
}

/** Which endpoints are meant. */
export interface EndpointChoice {
  /** Null for those of all projects. */
  readonly project: string | null
  readonly filters?: readonly LabelFilter[]
  /** With the attributes that hold JSON. Default false. */
  readonly isWhole?: boolean
  /** With these of them, if not with all. */
  readonly withJson?: readonly string[]
}

/** The project that a record belongs to. */
export function projectOf(record: StoredRecord, sources: Pick<ReadSources, 'project'>): string {
  const project = record.get('project')
  return project === undefined || project === '' ? sources.project : String(project)
}

/** Records of a choice, ordered by endpoint id. */
export async function chosenRecords(
  sources: ReadSources,
  { project, filters = [], isWhole = false, withJson = [] }: EndpointChoice,
): Promise<readonly StoredRecord[]> {
  const without = isWhole ? [] : JSON_ATTRIBUTES.filter((name) => !withJson.includes(name))
  const all = await sources.reader.endpoints({ without })
  return all.filter(
    (record) =>
      (project === null || projectOf(record, sources) === project) &&
      filters.every((filter) => matches(filter, (name) => record.get(name))),
  )
}

/** One endpoint. */
export interface RecordChoice {
  /** Null for any project. */
  readonly project: string | null
  readonly endpointId: string
  /** With the attributes that hold JSON. Default true. */
  readonly isWhole?: boolean
}

/** One endpoint's record; null if the project has none of that id. */
export async function recordOf(
  sources: ReadSources,
  { project, endpointId, isWhole = true }: RecordChoice,
): Promise<StoredRecord | null> {
  const without = isWhole ? [] : JSON_ATTRIBUTES
  const record = (await sources.records.read([endpointId], { without })).get(endpointId)
  if (record === undefined) return null
  return project === null || projectOf(record, sources) === project ? record : null
}

/** Names of all projects that have endpoints, and the function's own, in order. */
export async function projectNames(sources: ReadSources): Promise<readonly string[]> {
  const records = await chosenRecords(sources, { project: null })
  const names = new Set(records.map((record) => projectOf(record, sources)))
  return [...names.add(sources.project)].sort()
}
