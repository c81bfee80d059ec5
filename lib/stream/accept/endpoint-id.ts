import { createHash } from 'node:crypto'

/**
 * The id under which MLRun registers a model behind a function: the SHA-1 of its parts.
 *
 * @param functionUri     `project/name[:tag][@hash]`, as in the event
 * @param versionedModel  `model:version`; without exactly one ":" all of it is the model
 * @returns               40 hex digits, or null if project, function or model is empty
 * Source: MLRun 0.6.2 `ModelEndpoint.create_endpoint_id`; the order of the splits matters.
 */
export function endpointIdOf(functionUri: string, versionedModel: string): string | null {
  const slash = functionUri.indexOf('/')
  if (slash <= 0) return null
  const project = functionUri.slice(0, slash)
  const [beforeTag, tag] = splitFirst(functionUri.slice(slash + 1), ':')
  const [name, hash] = splitFirst(beforeTag, '@')
  const parts = versionedModel.split(':')
  const [model, version] =
    parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : [versionedModel, '']
  if (name === '' || model === '') return null
  const text = `${project}_${name}_${tag || hash || 'N/A'}_${model}_${version || 'N/A'}`
  return createHash('sha1').update(text, 'utf8').digest('hex')
}

/** What stands before and after the first separator; '' after it when there is none. */
function splitFirst(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

/** Whether an id that came with an event may become part of a path: 1 to 128 of `A-Za-z0-9._-`. */
export function isSafeEndpointId(id: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(id) && id !== '.' && id !== '..'
}
