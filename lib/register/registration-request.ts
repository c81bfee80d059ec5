/**
 * A registration as a request to a function that runs: JSON of function_uri, model, version ('' for none) and
 * the profile (profile-format.ts).
 */
import { isJsonObject } from '../stream/accept/event.ts'
import { parseBody } from '../stream/accept/parse-json.ts'
import { type Decoded, decodeProfile, encodeProfile } from './profile-format.ts'
import type { Registration } from './registration.ts'

/** Where the function takes registrations. */
export const REGISTER_PATH = '/api/register'

/** As EVENT_NAME_CHARS_MAX has it by default: events with longer names are rejected. */
const NAME_CHARS_MAX = 512

/** The body of a request. */
export function encodeRegistration({ name, profile }: Registration): string {
  const { functionUri, model, version } = name
  const names = JSON.stringify({ function_uri: functionUri, model, version })
  return `${names.slice(0, -1)},"profile":${encodeProfile(profile)}}`
}

/** Reads the body of a request, which may be anything. */
export function decodeRegistration(body: Uint8Array): Decoded<Registration> {
  const parsed = parseBody(body)
  if (!parsed.ok || !isJsonObject(parsed.value)) {
    return { ok: false, complaint: 'its body is no JSON object' }
  }
  const { function_uri: functionUri, model, version = '', profile } = parsed.value
  if (!isName(functionUri) || !isName(model) || !isName(version)) {
    const complaint = `function_uri, model and version must be texts of ${NAME_CHARS_MAX} characters at most`
    return { ok: false, complaint }
  }
  const decoded = decodeProfile(profile)
  if (!decoded.ok) return { ok: false, complaint: `in its profile ${decoded.complaint}` }
  return { ok: true, value: { name: { functionUri, model, version }, profile: decoded.value } }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAME_CHARS_MAX
}
