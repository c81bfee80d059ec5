import type { NuclioEvent } from 'nuclio-sdk-ts'
import type { Clock } from '../lib/stream/ports.ts'

/** A clock that an event may move. */
export interface EventClock extends Clock {
  /** When an event arrived, in microseconds; moves a clock that follows its trigger. */
  arrivalUs(event: NuclioEvent): number
  /** After a restart: a clock that follows its trigger goes on from the newest arrival. */
  resumeAt(arrivedAtUs: number): void
}

function after(ms: number, call: () => void): () => void {
  // A timer of no time would take a millisecond.
  if (ms === 0) {
    const immediate = setImmediate(call)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

/** The time of day. */
export function wallClock(): EventClock {
  const nowUs = (): number => Date.now() * 1000
  return { nowUs, after, arrivalUs: nowUs, resumeAt: () => undefined }
}

/**
 * The newest time stamp of the trigger: for recorded streams, whose time goes on with their events.
 * An event without a usable one (cron: 1970) moves nothing. One that is pushed over HTTP is of today: from then on it
 * is the time of day, as what it brings would else wait for another event.
 */
export function triggerClock(): EventClock {
  let newestUs = 0
  let isToday = false
  const nowUs = (): number => {
    if (isToday) newestUs = Math.max(newestUs, Date.now() * 1000)
    return newestUs
  }
  return {
    nowUs,
    after,
    arrivalUs: ({ timestamp, trigger }) => {
      if (trigger.kind === 'http') isToday = true
      const atUs = timestamp.getTime() * 1000
      if (atUs > newestUs) newestUs = atUs
      return nowUs()
    },
    resumeAt: (arrivedAtUs) => {
      newestUs = Math.max(newestUs, arrivedAtUs)
    },
  }
}
