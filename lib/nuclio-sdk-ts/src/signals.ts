import type { EventEmitter } from 'node:events'
import type { BufferedLogger } from './logger.ts'
import { endProcess, isAssertionFailure } from './process-end.ts'

/** The signals that some version of Nuclio sends to say: write down what you hold. */
export type FlushSignal = 'SIGTERM' | 'SIGUSR1' | 'SIGUSR2'

/** What the function's flush is told. */
export interface FlushRequest {
  readonly signal: FlushSignal
  /**
   * Aborted when the time is over; a flush that goes on is not stopped, but nobody waits for it.
   */
  readonly aborted: AbortSignal
}

/** Writes down what the function holds. */
export type Flush = (request: FlushRequest) => void | Promise<void>

/** Emitted on `process` when the flush of a signal has ended: a local wrapper may exit then. */
export const FLUSHED_EVENT = 'nuclio-sdk-ts.flushed'

// Nuclio kills about 5 s after it asked (1.14.1: the processor's own exit); leave it a margin.
const FLUSH_MS_MAX = 4_000

const FLUSH_SIGNALS: readonly FlushSignal[] = ['SIGTERM', 'SIGUSR1', 'SIGUSR2']

/**
 * Handles the signals of all Nuclio versions, for as long as the process lives: SIGTERM (1.10, 1.11
 * on a rebalance), SIGUSR1 (1.12.0 to 1.12.8 on a rebalance; later when the processor stops) and
 * SIGUSR2 (1.12.9 to 1.13.15 and 1.14.0 on a rebalance, maybe twice) call `flush`; SIGCONT (from
 * 1.12.12) does nothing. Unhandled, SIGUSR2 ends node and the processor with it, and SIGUSR1 opens
 * the inspector.
 *
 * The process does NOT exit: on a rebalance it goes on with other partitions. Nuclio kills it.
 * A signal that comes while a flush runs joins it. A flush gets 4 s, then a warning is logged.
 */
export function installSignals(flush: Flush | undefined, logger: BufferedLogger): void {
  // The signals that the flush in hand answers; empty when none is running.
  const joined = new Set<FlushSignal>()

  function announce(): void {
    const emitter: EventEmitter = process
    for (const signal of joined) emitter.emit(FLUSHED_EVENT, signal)
  }

  async function run(signal: FlushSignal): Promise<void> {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const fields = { signal, waitedMs: FLUSH_MS_MAX }
      logger.warnWith('The flush that a signal asked for is late.', fields)
      controller.abort()
      announce()
    }, FLUSH_MS_MAX)
    try {
      await flush?.({ signal, aborted: controller.signal })
    } catch (error) {
      if (isAssertionFailure(error)) {
        endProcess('An assertion failed in the flush; the process ends.', error, logger)
      }
      logger.errorWith('The flush that a signal asked for failed.', { signal, error })
    }
    clearTimeout(timer)
    announce()
    joined.clear()
  }

  for (const signal of FLUSH_SIGNALS) {
    process.on(signal, () => {
      const isRunning = joined.size > 0
      joined.add(signal)
      if (!isRunning) void run(signal) // run settles every failure itself
    })
  }
  process.on('SIGCONT', () => {})
}
