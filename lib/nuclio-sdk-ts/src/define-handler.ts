import type { Answer } from './answer.ts'
import type { OnError } from './answering.ts'
import type { Context, NuclioFunction } from './context.ts'
import type { NuclioEvent } from './event.ts'
import { createFunction, isThenable } from './function-core.ts'
import type { FlushRequest } from './signals.ts'

/** A function, told by its parts. `State` is what `init` makes and every event gets. */
export interface HandlerDefinition<State> {
  /**
   * Runs once, when Nuclio calls `initContext` (or at the first event, before Nuclio 1.5.4). Events
   * that come while its promise is open wait for it; Nuclio itself would not.
   */
  readonly init?: (context: Context) => State | Promise<State>
  /**
   * Handles one event and returns the answer, or a promise of it. What is returned without a
   * promise is answered at once, in the same tick. Nuclio sends the next event only after the
   * answer.
   */
  readonly handle: (event: NuclioEvent, context: Context, state: State) => Answer | Promise<Answer>
  /**
   * The answer for an event whose handler threw or rejected, or whose answer could not be sent (a
   * cycle). By default status 500 with a fixed sentence, the error going to the log. For a stream
   * Nuclio takes ANY answer as done, whatever its status: keep the event somewhere first. Not asked
   * when an assertion failed (`code` is ERR_ASSERTION): that ends the process with exit code 1.
   */
  readonly onError?: OnError
  /**
   * What a failed init does. 'exit' (the default): the process ends with exit code 1 and one
   * sentence on stderr, so that Nuclio restarts it. 'answer': every event is answered by `onError`.
   */
  readonly onInitFailure?: 'exit' | 'answer'
  /**
   * Writes down what the function holds when Nuclio says by a signal that the process may soon be
   * gone: see `installSignals`. Gets at most 4 s. Not called before init has succeeded.
   */
  readonly flush?: (request: FlushRequest, state: State) => void | Promise<void>
}

/**
 * Makes the two exports of a Nuclio function:
 *
 *     export const { handler, initContext } = defineHandler({ handle: (event) => 'hello' })
 *
 * To be called while the module loads: it also repairs the wrapper's framing (`installFraming`) and
 * handles Nuclio's signals (`installSignals`). Handlers and initContext never throw.
 */
export function defineHandler<State = undefined>(
  definition: HandlerDefinition<State>,
): NuclioFunction {
  const { init, handle, onError, onInitFailure, flush } = definition
  // Set before any event is handled; without an init, State is undefined.
  let state = undefined as State

  return createFunction({
    onError,
    onInitFailure,
    init: (context) => {
      const made = init?.(context)
      if (!isThenable(made)) {
        state = made as State
        return undefined
      }
      return made.then((value) => {
        state = value as State
      })
    },
    run: ({ event, answer, fail }, context) => {
      const given = handle(event, context, state)
      if (isThenable(given)) given.then(answer as (given: unknown) => void, fail)
      else answer(given)
    },
    flush: flush && ((request) => flush(request, state)),
  })
}
