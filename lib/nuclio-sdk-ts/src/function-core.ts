import type { Answer } from './answer.ts'
import { createAnswering, type OnError } from './answering.ts'
import type { Context, NuclioContext, NuclioFunction } from './context.ts'
import type { NuclioEvent } from './event.ts'
import { installFraming } from './framing.ts'
import { createLogger } from './logger.ts'
import { endProcess, isAssertionFailure } from './process-end.ts'
import { type Flush, installSignals } from './signals.ts'

/** One event in hand: who asked, and the only way to answer. */
export interface Invocation {
  readonly event: NuclioEvent
  readonly nuclio: NuclioContext
  readonly answer: (answer: Answer) => void
  /** Answers through onError; ends the process if the error is a failed assertion. */
  readonly fail: (error: unknown) => void
}

/** What differs between handlers that return and handlers that call back. */
export interface FunctionParts {
  readonly init: (context: Context, nuclio: NuclioContext) => unknown
  /** Handles one event; may throw, and then fails. */
  readonly run: (invocation: Invocation, context: Context) => void
  readonly onError: OnError | undefined
  readonly onInitFailure: 'exit' | 'answer' | undefined
  /** Called only after a successful init: before it there is nothing to flush. */
  readonly flush: Flush | undefined
}

/** Builds what both `defineHandler` and `guardHandler` share, and repairs the process around it. */
export function createFunction(parts: FunctionParts): NuclioFunction {
  const logger = createLogger()
  let phase: 'new' | 'starting' | 'ready' | 'failed' = 'new'
  let started: Promise<void> | undefined
  let initError: unknown
  let userData: Record<string, unknown> = {}
  const context: Context = {
    logger,
    get userData() {
      return userData
    },
  }

  const { answerWith, answerToError } = createAnswering(parts.onError, context, logger)

  installFraming()
  installSignals((request) => (phase === 'ready' ? parts.flush?.(request) : undefined), logger)

  function onInitFailed(error: unknown): void {
    if (parts.onInitFailure !== 'answer' || isAssertionFailure(error)) {
      endProcess("The function's init failed; the process ends.", error, logger)
    }
    phase = 'failed'
    initError = error
    logger.errorWith("The function's init failed; every event is answered with this.", { error })
  }

  function start(nuclio: NuclioContext): void {
    if (phase !== 'new') return
    phase = 'starting'
    try {
      const result = parts.init(context, nuclio)
      if (isThenable(result)) {
        started = Promise.resolve(result).then(() => {
          phase = 'ready'
        }, onInitFailed)
      } else phase = 'ready'
    } catch (error) {
      onInitFailed(error)
    }
  }

  function handle(nuclio: NuclioContext, event: NuclioEvent): void {
    const answer = (given: Answer) => answerWith({ nuclio, event, given })
    const fail = (error: unknown) => answer(answerToError(error, event))
    if (phase === 'failed') {
      fail(initError)
      return
    }
    try {
      parts.run({ event, nuclio, answer, fail }, context)
    } catch (error) {
      fail(error)
    }
  }

  function adopt(nuclio: NuclioContext): void {
    logger.attach(nuclio)
    userData = nuclio.userData
    start(nuclio)
  }

  return {
    logger,
    initContext: adopt,
    handler: (nuclio, event) => {
      if (phase === 'new') adopt(nuclio) // Nuclio before 1.5.4 knows no initContext
      dropStaleListeners(nuclio)
      logger.flush()
      if (phase !== 'starting') handle(nuclio, event)
      // started never rejects, and handle answers for itself.
      else void started?.then(() => handle(nuclio, event))
    },
  }
}

/** Whether a value is a promise of any library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return 'then' in value && typeof value.then === 'function'
}

// Wrappers before 1.7.7 never take their callback listeners away, and later ones leave one behind
// after a synchronous throw: all but the newest belong to events long answered.
function dropStaleListeners({ _eventEmitter: emitter }: NuclioContext): void {
  if (emitter === undefined || emitter.listenerCount('callback') < 2) return
  for (const listener of emitter.rawListeners('callback').slice(0, -1)) {
    emitter.off('callback', listener as (...args: unknown[]) => void)
  }
}
