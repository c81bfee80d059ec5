import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type NuclioEvent, respond } from 'nuclio-sdk-ts'
import { type FoundEndpoint, type Registration, register } from '../lib/register/registration.ts'
import { decodeRegistration, REGISTER_PATH } from '../lib/register/registration-request.ts'
import { StreamError } from '../lib/stream/errors.ts'
import { unavailable } from './unavailable.ts'
import type { Service } from './wiring.ts'

const TRIES_MAX = 3
/** A store that cannot be read is read again for ever; the record is refreshed in any case. */
const LEARN_MS_MAX = 5_000

/** Whether a request that is no GET is a registration and not an event. */
export function isRegistration({ method, path }: NuclioEvent): boolean {
  return method === 'POST' && path === REGISTER_PATH
}

/**
 * Takes the profile of a training set for an endpoint: 200 with the record when it is written and the stream
 * knows it, 400 with what is wrong, or 503 when the store does not take it.
 */
export async function takeRegistration(event: NuclioEvent, service: Service): Promise<Answer> {
  const decoded = decodeRegistration(event.body)
  if (!decoded.ok) return refuse(decoded.complaint)
  try {
    service.checkLogs()
    const found = await registerAndLearn(decoded.value, service)
    if (found === null) return refuse('no endpoint id can be made of function_uri and model')
    const { endpointId, model, record } = found
    return respond({
      body: { endpoint_id: endpointId, model, record: Object.fromEntries(record ?? []) },
    })
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    return unavailable(error.message)
  }
}

/**
 * Writes it and has the stream read it at once. A stream that had just given names of its own to an unnamed
 * endpoint may write them once more before it has read: then the registration is written again.
 */
async function registerAndLearn(
  registration: Registration,
  { registry, logs }: Service,
): Promise<FoundEndpoint | null> {
  for (let tries = 1; ; tries++) {
    const written = await register(registration, { store: registry, wait })
    if (written === null) return null
    const { endpointId, record } = written
    const tooLate = new AbortController()
    const isLate = wait(LEARN_MS_MAX, undefined, { signal: tooLate.signal }).catch(() => undefined)
    await Promise.race([logs.learn(endpointId), isLate])
    tooLate.abort()
    const now = (await registry.records.read([endpointId])).get(endpointId)
    const isKept = now?.get('feature_names') === record?.get('feature_names')
    if (isKept || tries === TRIES_MAX) return written
  }
}

function refuse(complaint: string): Answer {
  return respond({ status: 400, body: { error: `This is no registration: ${complaint}.` } })
}
