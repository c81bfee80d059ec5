import { type Answer, respond } from 'nuclio-sdk-ts'

const RETRY_AFTER_SECS = '5'

/** What cannot be taken now, and can be later. */
export function unavailable(error: string): Answer {
  return respond({ status: 503, headers: { 'Retry-After': RETRY_AFTER_SECS }, body: { error } })
}
