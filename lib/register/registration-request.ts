/**
 * A registration as a request to a function that runs: JSON of function_uri, model, version ('' for none), the
 * thresholds possible_drift and drift_detected where they are given, and the profile (profile-format.ts).
 */
import { isJsonObject } from '../stream/accept/event.ts'
import { parseBody } from '../stream/accept/parse-json.ts'
import { type Decoded, decodeProfile, encodeProfile } from './profile-format.ts'
import type { GivenThresholds, Registration } from './registration.ts'

/** Where the function takes registrations. */
export const REGISTER_PATH = '/api/register'

/** As EVENT_NAME_CHARS_MAX has it by default: events with longer names are rejected. */
const NAME_CHARS_MAX = 512

/** The body of a request. */
export function encodeRegistration({ name, profile, thresholds = {} }: Registration): string {
  const { functionUri, model, version } = name
  const { possibleDrift, driftDetected } = thresholds
  const names = JSON.stringify({
    function_uri: functionUri,
    model,
    version,
    possible_drift: possibleDrift,
    drift_detected: driftDetected,
  })
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
  const { possible_drift: possibleDrift, drift_detected: driftDetected } = parsed.value
  if (!isThreshold(possibleDrift) || !isThreshold(driftDetected)) {
    return { ok: false, complaint: 'possible_drift and drift_detected must be numbers from 0 to 1' }
  }
  const decoded = decodeProfile(profile)
  if (!decoded.ok) return { ok: false, complaint: `in its profile ${decoded.complaint}` }
  const thresholds: GivenThresholds = {
    ...(possibleDrift === undefined ? {} : { possibleDrift }),
    ...(driftDetected === undefined ? {} : { driftDetected }),
  }
  const isGiven = Object.keys(thresholds).length > 0
  const name = { functionUri, model, version }
  return { ok: true, value: { name, profile: decoded.value, ...(isGiven ? { thresholds } : {}) } }
}

function isThreshold(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= 1)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAME_CHARS_MAX
}
