import type { Answer } from './answer.ts'
import { describeEvent, type OnError } from './answering.ts'
import type { NuclioContext, NuclioFunction } from './context.ts'
import type { NuclioEvent } from './event.ts'
import { createFunction, isThenable } from './function-core.ts'
import { isAssertionFailure } from './process-end.ts'
import type { FlushRequest } from './signals.ts'

/** A function written in Nuclio's own form, which answers through `context.callback`. */
export interface GuardedDefinition {
  readonly handler: (context: NuclioContext, event: NuclioEvent) => unknown
  readonly initContext?: (context: NuclioContext) => unknown
  /** As in `defineHandler`. */
  readonly onError?: OnError
  /** As in `defineHandler`. */
  readonly onInitFailure?: 'exit' | 'answer'
  /** As in `defineHandler`. */
  readonly flush?: (request: FlushRequest) => void | Promise<void>
}

/**
 * Puts the guards of `defineHandler` around a handler that calls back. Each event gets a context of
 * its own (it inherits from Nuclio's) whose `callback` answers that event and no other: a second or
 * late call is logged and dropped. Its `logger` is the safe one. A throw, or a rejection of the
 * promise that the handler returns, answers the event if nothing has yet.
 */
export function guardHandler(definition: GuardedDefinition): NuclioFunction {
  const { handler, initContext, onError, onInitFailure, flush } = definition
  // Between Nuclio's context and those of the events: keeps what initContext puts on it, and has
  // the safe logger, because Nuclio's throws before the socket is there.
  let shared: NuclioContext
  return createFunction({
    onError,
    onInitFailure,
    flush,
    init: (context, nuclio) => {
      shared = Object.create(nuclio, { logger: { value: context.logger } })
      return initContext?.(shared)
    },
    run: ({ event, answer, fail }, { logger }) => {
      let isAnswered = false
      const callback = async (given: Answer) => {
        if (isAnswered) {
          logger.warnWith('A second or late callback was dropped.', describeEvent(event))
          return
        }
        isAnswered = true
        answer(given)
      }
      const own: NuclioContext = Object.create(shared, { callback: { value: callback } })
      const onFailure = (error: unknown) => {
        if (!isAnswered || isAssertionFailure(error)) {
          isAnswered = true
          fail(error)
        } else logger.errorWith('The handler failed after its answer.', { error })
      }
      try {
        const returned = handler(own, event)
        if (isThenable(returned)) returned.then(undefined, onFailure)
      } catch (error) {
        onFailure(error)
      }
    },
  })
}
