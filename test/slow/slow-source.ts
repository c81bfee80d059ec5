// Which endpoint an event belongs to (SEMANTICS.md section 3).
import { createHash } from 'node:crypto'
import type { JsonObject, Rejected } from './slow-parts.ts'

export interface Source {
  readonly endpointId: string
  readonly functionUri: string
  /** Versioned. */
  readonly model: string
  /** The event carries its endpoint_id, as MLRun 1.12 does. */
  readonly hasGivenId: boolean
}

/** The part before the first separator and the part behind it; null if there is none. */
function cut(text: string, separator: string): readonly [string, string | null] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * The endpoint id that MLRun computes, or null if project, function or model is empty.
 * `proj/fn:v1` with `mdl:v1` is the SHA-1 of `proj_fn_v1_mdl_v1`.
 */
export function endpointIdOf(functionUri: string, versionedModel: string): string | null {
  const [project, rest] = cut(functionUri, '/')
  const [beforeTag, tag] = cut(rest ?? '', ':')
  const [functionName, hash] = cut(beforeTag, '@')
  const modelParts = versionedModel.split(':')
  const isVersioned = modelParts.length === 2
  const model = isVersioned ? (modelParts[0] ?? '') : versionedModel
  const version = isVersioned ? modelParts[1] : null
  if (project === '' || functionName === '' || model === '') return null
  const text = `${project}_${functionName}_${tag || hash || 'N/A'}_${model}_${version || 'N/A'}`
  return createHash('sha1').update(text, 'utf8').digest('hex')
}

function isUsableId(id: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(id) && id !== '.' && id !== '..'
}

/** Where an event comes from, or why that cannot be said. */
export function sourceOf(fields: JsonObject, defaultVersion: string): Source | Rejected {
  const functionUri = fields['function_uri'] ?? null
  const model = fields['model'] ?? null
  const version = fields['version'] ?? ''
  const givenId = fields['endpoint_id'] ?? null
  if (functionUri === null || model === null) return { reason: 'missing' }
  if (typeof functionUri !== 'string' || typeof model !== 'string') return { reason: 'wrong-type' }
  if (typeof version !== 'string') return { reason: 'wrong-type' }

  if (givenId !== null) {
    if (typeof givenId !== 'string') return { reason: 'wrong-type' }
    if (!isUsableId(givenId)) return { reason: 'bad-source' }
    const versioned = version === '' ? model : `${model}:${version}`
    return { endpointId: givenId, functionUri, model: versioned, hasGivenId: true }
  }
  if (model === '') return { reason: 'bad-source' }
  const versionOrDefault = version === '' ? defaultVersion : version
  const versioned = versionOrDefault === '' ? model : `${model}:${versionOrDefault}`
  const endpointId = endpointIdOf(functionUri, versioned)
  if (endpointId === null) return { reason: 'bad-source' }
  return { endpointId, functionUri, model: versioned, hasGivenId: false }
}
