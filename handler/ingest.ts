import assert from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Answer,
  type NuclioEvent,
  readHeader,
  readStreamPosition,
  respond,
} from 'nuclio-sdk-ts'
import {
  DEAD_LETTER_HEADER,
  DEAD_LETTER_SHARD,
  isDeadLetterKey,
} from '../lib/stream/accept/dead-letter-key.ts'
import type { Applied } from '../lib/stream/applied.ts'
import { errorCode, errorMessage, StreamError } from '../lib/stream/errors.ts'
import type { Logs } from '../lib/stream/logs.ts'
import type { StreamPosition } from '../lib/stream/ports.ts'
import { unavailable } from './unavailable.ts'
import type { Service } from './wiring.ts'

const HOLD_MS = 250

/** Tells the stream to keep the event, and to deliver it again if nothing else is said. */
const NO_ACK = respond({ noAck: true })

/**
 * Takes an event of a stream. It is answered when it is in the spool, or, with ACK=delivered, at once and
 * for the time being without acknowledgement; where that cannot be, the answer is held and the stream
 * waits. Never an error: Nuclio would take the event as done.
 */
export function takeFromStream(event: NuclioEvent, service: Service): Answer | Promise<Answer> {
  const taken = tryToTakeFromStream(event, service)
  if (taken.kind === 'taken') return taken.isAcknowledged ? '' : NO_ACK
  return holdUntilTaken(event, service, taken)
}

async function holdUntilTaken(
  event: NuclioEvent,
  service: Service,
  first: Exclude<Taken, { readonly kind: 'taken' }>,
): Promise<Answer> {
  let taken: Taken = first
  while (taken.kind !== 'taken') {
    const reason = taken.kind === 'held' ? taken.reason : await prepare(taken.position, service)
    if (reason !== null) {
      service.telemetry.answersHeld({ reason })
      await wait(HOLD_MS)
    }
    taken = tryToTakeFromStream(event, service)
  }
  return taken.isAcknowledged ? '' : NO_ACK
}

/** Makes sure that the event's shard is ours; gives the reason why that cannot be known yet. */
async function prepare(position: StreamPosition, { shards }: Service): Promise<string | null> {
  try {
    await shards?.prepare(position)
    return null
  } catch (error) {
    if (error instanceof StreamError) return error.message
    throw error
  }
}

/**
 * Takes an event that was pushed over HTTP: 202, 400 with the reason, or 503 when there is no room; while the
 * log is read again 202 with the outcome `spooled`, as what is wrong with it is found out later. One that is
 * a dead letter taken up again says so by its key, and counts once however often it comes.
 */
export function takeFromHttp(event: NuclioEvent, service: Service): Answer {
  const key = readHeader(event, DEAD_LETTER_HEADER)
  if (key !== undefined && !isDeadLetterKey(key)) {
    return [400, `${DEAD_LETTER_HEADER} must be LOG/OFFSET/CALL/ROW, not ${JSON.stringify(key)}.`]
  }
  const position = key === undefined ? null : { shard: `${DEAD_LETTER_SHARD}${key}`, offset: 0 }
  const taken = tryToTake(event, { service, position, log: service.logs })
  if (taken.kind === 'held') {
    service.telemetry.answersHeld({ reason: taken.reason })
    return unavailable(`Try again later: ${taken.reason}.`)
  }
  const { outcome, rejection } = taken.applied
  if (outcome !== 'rejected') return respond({ status: 202, body: { outcome } })
  const { reason = 'rejected', path = '' } = rejection ?? {}
  return respond({ status: 400, body: { outcome, reason, path } })
}

type Held = { readonly kind: 'held'; readonly reason: string }

type Taken =
  | { readonly kind: 'taken'; readonly applied: Applied; readonly isAcknowledged: boolean }
  | Held
  /** The shard may have been elsewhere since its last event. */
  | { readonly kind: 'unsure'; readonly position: StreamPosition }

function tryToTakeFromStream(event: NuclioEvent, service: Service): Taken {
  const { shards, logs } = service
  const position = positionOf(event)
  if (shards === null || position === null)
    return tryToTake(event, { service, position, log: logs })
  const shard = shards.at(position)
  if (shard === null) return { kind: 'unsure', position }
  const taken = tryToTake(event, { service, position, log: shard.pipeline })
  if (taken.kind === 'held') return taken
  return { ...taken, isAcknowledged: shard.log.mayAcknowledge(position.offset) }
}

function tryToTake(
  event: NuclioEvent,
  {
    service: { logs, checkLogs, clock },
    position,
    log,
  }: {
    readonly service: Service
    readonly position: StreamPosition | null
    /** That the event enters. */
    readonly log: Pick<Logs, 'accept'>
  },
): Exclude<Taken, { readonly kind: 'unsure' }> {
  checkLogs()
  const reason = logs.holdReason
  if (reason !== null) return { kind: 'held', reason }
  try {
    const applied = log.accept(event.body, position, clock.arrivalUs(event))
    return { kind: 'taken', applied, isAcknowledged: true }
  } catch (error) {
    // The disk refused: nothing was spooled. Anything else is our own bug; the event is in the spool,
    // and the process ends so that a replay finds a state that is whole.
    if (isDiskTrouble(error)) return { kind: 'held', reason: errorMessage(error) }
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
