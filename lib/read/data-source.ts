/** What Grafana's JSON data sources ask for: simple-json (2021), simPod's, and framesd's grammar in either. */
import { isJsonObject } from '../stream/accept/event.ts'
import { tryParseJson } from '../stream/accept/parse-json.ts'
import { type Annotation, annotationTable, readAnnotations } from './annotations.ts'
import { type Found, found, refuse } from './found.ts'
import { readFrames, searchFrames } from './frames-tables.ts'
import {
  incomingFeatures,
  individualFeatureAnalysis,
  listEndpoints,
  overallFeatureAnalysis,
  type ProxyCall,
} from './proxy-functions.ts'
import { pythonRepr } from './python-repr.ts'
import { readSeries } from './read-series.ts'
import { idOf } from './record-values.ts'
import {
  decodePayload,
  decodeQuery,
  decodeRange,
  POINTS_MAX,
  type QueryBody,
  type QueryTarget,
} from './request-body.ts'
import { chosenRecords, projectNames, type ReadSources } from './sources.ts'
import type { Cell, Series, Table } from './table.ts'
import { missingTarget, parseTarget, type Target } from './target.ts'

type Answer = Table | Series

type ProxyFunction = (
  call: ProxyCall,
  sources: ReadSources,
) => Promise<Found<Table | readonly Series[]>>

/** By `target_endpoint`. The first four are MLRun's. */
const FUNCTIONS: ReadonlyMap<string, ProxyFunction> = new Map<string, ProxyFunction>([
  ['incoming_features', incomingFeatures],
  ['overall_feature_analysis', overallFeatureAnalysis],
  ['list_endpoints', listEndpoints],
  ['individual_feature_analysis', individualFeatureAnalysis],
  ['series', metricSeries],
  [
    'annotations',
    async (call, sources) => {
      const annotations = await readAnnotations(call, sources)
      return annotations.ok ? found(annotationTable(annotations.value)) : annotations
    },
  ],
])

/** Names of the functions that a query may ask for. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()]

/** `POST /query`: the answers of all targets, one after another. */
export async function answerQuery(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly Answer[]>> {
  const query = decodeQuery(body)
  if (!query.ok) return query
  const answers: Answer[] = []
  for (const target of query.value.targets) {
    const answer = await answerTarget(target, { query: query.value, body, sources })
    if (!answer.ok) return answer
    answers.push(...answer.value)
  }
  return found(answers)
}

interface TargetContext {
  readonly query: QueryBody
  readonly body: unknown
  readonly sources: ReadSources
}

async function answerTarget(
  given: QueryTarget,
  { query, body, sources }: TargetContext,
): Promise<Found<readonly Answer[]>> {
  const target = targetOf(given, body)
  if (!target.ok) return target
  const { range, pointsMax, filters } = query
  if (target.value.kind === 'frames') {
    const { isTable } = given
    return await readFrames({ target: target.value, isTable, range, pointsMax, filters }, sources)
  }
  const { parameters } = target.value
  const name = parameters.get('target_endpoint')
  if (name === undefined) return noFunction(parameters)
  const answering = FUNCTIONS.get(name)
  if (answering === undefined) return unsupported(name, parameters, FUNCTION_NAMES)
  const answer = await answering({ parameters, range, pointsMax, filters }, sources)
  if (!answer.ok) return answer
  return found('rows' in answer.value ? [answer.value] : answer.value)
}

/** simPod's data source names the function alone, with its parameters beside it. */
function targetOf({ text, payload }: QueryTarget, body: unknown): Found<Target> {
  const isName = /^\w+$/.test(text.trim())
  const parsed = parseTarget(isName ? `target_endpoint=${text}` : text, body)
  if (!parsed.ok || parsed.value.kind === 'frames' || payload.size === 0) return parsed
  const more = [...payload].map(([name, value]) => `${name}=${value.replaceAll(';', '')}`)
  const extra = parseTarget(more.join(';'), body)
  if (!extra.ok || extra.value.kind === 'frames') return parsed
  const parameters = new Map([...extra.value.parameters, ...parsed.value.parameters])
  return found({ kind: 'proxy', parameters })
}

/** `POST /search`: the values of a variable. */
export async function answerSearch(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly (string | number | boolean)[]>> {
  if (!isJsonObject(body)) return refuse('The body must be a JSON object.')
  const { target = '' } = body
  if (typeof target !== 'string') return refuse('target must be a text.')
  return await search(target, body, sources)
}

const SEARCHES = ['list_projects', 'list_endpoints']

async function search(
  text: string,
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly (string | number | boolean)[]>> {
  const target = parseTarget(text, body)
  if (!target.ok) return target
  if (target.value.kind === 'frames') return await searchFrames(target.value, sources)
  const { parameters } = target.value
  const name = parameters.get('target_endpoint')
  if (name === undefined) return noFunction(parameters)
  if (name === 'list_projects') return found(await projectNames(sources))
  if (name !== 'list_endpoints') return unsupported(name, parameters, SEARCHES)
  const project = parameters.get('project') || null
  return found((await chosenRecords(sources, { project })).map(idOf))
}

function noFunction(parameters: ReadonlyMap<string, string>): ReturnType<typeof refuse> {
  const shown = pythonRepr(Object.fromEntries(parameters))
  return refuse(`Expected 'target_endpoint' field in query, found ${shown} instead`)
}

function unsupported(
  name: string,
  parameters: ReadonlyMap<string, string>,
  supported: readonly string[],
): ReturnType<typeof refuse> {
  const shown = pythonRepr(Object.fromEntries(parameters))
  return refuse(
    `${name.slice(0, 100)} unsupported in query parameters: ${shown}. ` +
      `Currently supports: ${supported.join(',')}`,
  )
}

/** Metrics over time: `project`, `endpoint_id`, `record_type` and `metric`, each only if it is named. */
async function metricSeries(
  { parameters, range, pointsMax, filters }: ProxyCall,
  sources: ReadSources,
): Promise<Found<readonly Series[]>> {
  const named = ['endpoint_id', 'record_type', 'metric'].map((name) => parameters.get(name) || null)
  const [endpointId, recordType, metric] = named
  const project = parameters.get('project') || null
  const records = await chosenRecords(sources, { project, filters })
  const models = new Map(records.map((record) => [idOf(record), String(record.get('model') ?? '')]))
  const points = await readSeries(sources, {
    ...(endpointId == null ? {} : { endpointId }),
    endpointIds: [...models.keys()],
    ...(recordType == null ? {} : { recordType }),
    ...(metric == null ? {} : { metric }),
    ...range,
    pointsMax,
  })
  if (!points.ok) return points
  const byTarget = new Map<string, [number, number][]>()
  for (const { endpointId: id, metric: name, value, atMs } of points.value) {
    const model = models.get(id)
    if (model === undefined || typeof value !== 'number') continue
    const target = `${name} ${model} (${id})`
    const datapoints = byTarget.get(target)
    if (datapoints === undefined) byTarget.set(target, [[value, atMs]])
    else datapoints.push([value, atMs])
  }
  return found([...byTarget].map(([target, datapoints]) => ({ target, datapoints })))
}

/** `POST /annotations` of simple-json: `annotation.query` has the parameters. */
export async function answerAnnotations(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly Annotation[]>> {
  if (!isJsonObject(body)) return refuse('The body must be a JSON object.')
  const { annotation = {} } = body
  if (!isJsonObject(annotation)) return refuse('annotation must be an object.')
  const { query = '' } = annotation
  if (typeof query !== 'string') return refuse('annotation.query must be a text.')
  const range = decodeRange(body)
  if (!range.ok) return range
  const parsed = query.trim() === '' ? null : parseTarget(query, body)
  if (parsed !== null && !parsed.ok) return parsed
  const isProxy = parsed?.value.kind === 'proxy'
  const parameters = isProxy ? parsed.value.parameters : new Map<string, string>()
  return await readAnnotations({ parameters, range: range.value, pointsMax: POINTS_MAX }, sources)
}

/** `POST /variable` of simPod's data source: `payload.target`, or the payload as JSON text, as in a search. */
export async function answerVariable(
  body: unknown,
  sources: ReadSources,
): Promise<Found<readonly { readonly __text: string; readonly __value: Cell }[]>> {
  if (!isJsonObject(body)) return refuse('The body must be a JSON object.')
  const { payload = {} } = body
  const given =
    typeof payload === 'string' ? (tryParseJson(payload) ?? { target: payload }) : payload
  const parameters = decodePayload(given)
  if (!parameters.ok) return parameters
  const target = parameters.value.get('target') ?? ''
  if (target === '') return missingTarget(body)
  const rest = [...parameters.value].filter(([name]) => name !== 'target')
  const text = /^\w+$/.test(target)
    ? [`target_endpoint=${target}`, ...rest.map(([name, value]) => `${name}=${value}`)].join(';')
    : target
  const values = await search(text, body, sources)
  if (!values.ok) return values
  return found(values.value.map((value) => ({ __text: String(value), __value: value })))
}
