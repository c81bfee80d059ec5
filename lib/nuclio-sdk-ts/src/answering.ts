import { type Answer, toCallbackOutput } from './answer.ts'
import type { Context, NuclioContext } from './context.ts'
import type { NuclioEvent } from './event.ts'
import type { BufferedLogger } from './logger.ts'
import { endProcess, isAssertionFailure } from './process-end.ts'

/** Chooses the answer for an event whose handler threw or rejected. */
export type OnError = (error: unknown, event: NuclioEvent, context: Context) => Answer

/** An answer, the event it is for, and the way to send it. */
export interface GivenAnswer {
  readonly nuclio: NuclioContext
  readonly event: NuclioEvent
  readonly given: Answer
}

// No detail of the error: it may hold what a client must not see. The log has it.
const FAILED: [number, string] = [500, 'The handler failed; its log says why.']

/** What a log line says about an event, without its content. */
export function describeEvent(event: NuclioEvent): Record<string, unknown> {
  const { trigger, shard_id: shard, offset } = event
  return { triggerKind: trigger?.kind, triggerName: trigger?.name, shard, offset }
}

/** Sends answers, and finds one for every error: `answerWith` calls back exactly once. */
export function createAnswering(
  onError: OnError | undefined,
  context: Context,
  logger: BufferedLogger,
) {
  function answerToError(error: unknown, event: NuclioEvent): Answer {
    if (isAssertionFailure(error)) {
      endProcess('An assertion failed in the handler; the process ends.', error, logger)
    }
    if (onError === undefined) {
      logger.errorWith('The handler failed.', { ...describeEvent(event), error })
      return FAILED
    }
    try {
      return onError(error, event, context)
    } catch (hookError) {
      if (isAssertionFailure(hookError)) {
        endProcess('An assertion failed in onError; the process ends.', hookError, logger)
      }
      logger.errorWith('onError itself failed.', { ...describeEvent(event), error, hookError })
      return FAILED
    }
  }

  function answerWith({ nuclio, event, given }: GivenAnswer): void {
    let output: unknown
    try {
      output = toCallbackOutput(given, nuclio.Response)
    } catch (error) {
      output = outputForBadAnswer({ nuclio, event, given: answerToError(error, event) })
    }
    // callback is an async function that only emits; what fails behind it is the wrapper's to
    // answer.
    void nuclio.callback(output)
  }

  function outputForBadAnswer({ nuclio, event, given }: GivenAnswer): unknown {
    try {
      return toCallbackOutput(given, nuclio.Response)
    } catch (error) {
      logger.errorWith("onError's answer cannot be sent.", { ...describeEvent(event), error })
      return FAILED
    }
  }

  return { answerWith, answerToError }
}
