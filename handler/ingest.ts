import assert from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type NuclioEvent, readStreamPosition, respond } from 'nuclio-sdk-ts'
import { errorCode, errorMessage } from '../lib/stream/errors.ts'
import type { StreamPosition } from '../lib/stream/ports.ts'
import type { Applied } from '../lib/stream/processor.ts'
import type { Service } from './wiring.ts'

const HOLD_MS = 250
const RETRY_AFTER_SECS = '5'

/**
 * Takes an event of a stream. It is answered when it is in the spool; where that cannot be, the answer is
 * held and the stream waits. Never an error: Nuclio would take the event as done.
 */
export function takeFromStream(event: NuclioEvent, service: Service): Answer | Promise<Answer> {
  const taken = tryToTake(event, service)
  return taken.isTaken ? '' : holdUntilTaken(event, service, taken.reason)
}

async function holdUntilTaken(
  event: NuclioEvent,
  service: Service,
  firstReason: string,
): Promise<Answer> {
  let reason = firstReason
  for (;;) {
    service.telemetry.answersHeld({ reason })
    await wait(HOLD_MS)
    const taken = tryToTake(event, service)
    if (taken.isTaken) return ''
    reason = taken.reason
  }
}

/** Takes an event that was pushed over HTTP: 202, 400 with the reason, or 503 when there is no room. */
export function takeFromHttp(event: NuclioEvent, service: Service): Answer {
  const taken = tryToTake(event, service)
  if (!taken.isTaken) {
    service.telemetry.answersHeld({ reason: taken.reason })
    const body = { error: `Try again later: ${taken.reason}.` }
    return respond({ status: 503, headers: { 'Retry-After': RETRY_AFTER_SECS }, body })
  }
  const { outcome, rejection } = taken.applied
  if (outcome !== 'rejected') return respond({ status: 202, body: { outcome } })
  const { reason = 'rejected', path = '' } = rejection ?? {}
  return respond({ status: 400, body: { outcome, reason, path } })
}

type Taken =
  | { readonly isTaken: true; readonly applied: Applied }
  | { readonly isTaken: false; readonly reason: string }

function tryToTake(event: NuclioEvent, { logs, checkLogs, clock }: Service): Taken {
  checkLogs()
  const reason = logs.holdReason
  if (reason !== null) return { isTaken: false, reason }
  try {
    const applied = logs.accept(event.body, positionOf(event), clock.arrivalUs(event))
    return { isTaken: true, applied }
  } catch (error) {
    // The disk refused: nothing was spooled. Anything else is our own bug; the event is in the spool,
    // and the process ends so that a replay finds a state that is whole.
    if (isDiskTrouble(error)) return { isTaken: false, reason: errorMessage(error) }
    assert.fail(
      new Error(`An event could not be applied: ${errorMessage(error)}`, { cause: error }),
    )
  }
}

/** The shard that was named last: nearly every event is of the same one, and a fresh text costs more. */
let lastShard = { topic: '', shard: -1, name: '' }

function positionOf(event: NuclioEvent): StreamPosition | null {
  const position = readStreamPosition(event)
  if (position === null) return null
  const { topic, shard, offset } = position
  if (topic !== lastShard.topic || shard !== lastShard.shard) {
    lastShard = { topic, shard, name: `${topic}/${shard}` }
  }
  return { shard: lastShard.name, offset }
}

/** A code of the operating system, such as ENOSPC; node's own begin with ERR_. */
function isDiskTrouble(error: unknown): boolean {
  return /^E(?!RR_)[A-Z0-9]+$/.test(errorCode(error))
}
