import type { Runner, SentEvent, WireResponse, WorkerExit } from 'nuclio-sdk-ts/runner'
import { readBody, runnerErrorCode, startRunner } from 'nuclio-sdk-ts/runner'
import type { Environment } from '../lib/config/parse.ts'
import type { Registration } from '../lib/register/registration.ts'
import { encodeRegistration, REGISTER_PATH } from '../lib/register/registration-request.ts'
import { CliError, oneLine, trouble } from './errors.ts'
import { type FunctionStatus, readStatus } from './function-status.ts'
import { FunctionVoice } from './function-voice.ts'

/** The built files that the local runner starts. */
export interface BuiltFiles {
  readonly handlerFile: string
  readonly wrapperPath: string
}

/** A function that runs under the local runner. */
export interface Session {
  readonly runner: Runner
  /** Rejects when the function is given up; settles in no other way. */
  readonly givenUp: Promise<never>
  /** Has everything written and gives the function's status; asks again when it dies meanwhile. */
  flush(): Promise<FunctionStatus>
  /** Lets the function know a training set. Rejects with CliError when it does not take it. */
  register(registration: Registration): Promise<void>
}

// Deaths in a row. One position that kills the function twice is left out by its replay, and that
// takes a few starts.
const DEATHS_MAX = 3

/**
 * Starts the function and waits until it is ready.
 *
 * @throws CliError in the function's own words when it does not start, RunnerError
 */
export async function startSession(
  files: BuiltFiles,
  options: { env: Environment; isVerbose: boolean; say: (line: string) => void },
): Promise<Session> {
  const voice = new FunctionVoice(options.say, options)
  let giveUp: (error: CliError) => void = () => undefined
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  givenUp.catch(() => undefined) // whoever waits for something races it
  let hasStarted = false
  let isGivenUp = false
  const onWorkerExit = (exit: WorkerExit): void => {
    voice.onWorkerExit(exit)
    if (exit.restartInMs !== null) return
    isGivenUp = true
    giveUp(hasStarted ? lost(voice) : notStarted(voice))
  }
  const runner = await startRunner({
    ...files,
    workerCount: 1,
    env: { ...options.env },
    restart: { deathsMax: DEATHS_MAX },
    onOutput: (output) => voice.onOutput(output),
    onWorkerExit,
  }).catch((error: unknown) => {
    throw runnerErrorCode(error) === 'worker_start_failed' ? notStarted(voice) : error
  })

  async function ask(event: SentEvent): Promise<WireResponse> {
    for (;;) {
      try {
        const asked = runner.sendToEach(event)
        const [answer] = await Promise.race([asked, givenUp])
        if (answer !== undefined) return answer
      } catch (error) {
        if (isGivenUp) return await givenUp
        if (runnerErrorCode(error) !== 'worker_exited') throw error
      }
    }
  }

  try {
    // The runner is ready before the function's init is: an answer shows that this went well.
    await ask({ name: 'start' })
  } catch (error) {
    await runner.stop()
    throw error
  }
  hasStarted = true
  voice.begin()
  return {
    runner,
    givenUp,
    flush: async () => readStatus(readBody(await ask({ name: 'flush' })).toString()),
    register: async (registration) => {
      const answer = await ask({
        kind: 'http',
        name: 'http',
        method: 'POST',
        path: REGISTER_PATH,
        body: encodeRegistration(registration),
      })
      if (answer.status_code === 200) return
      const why = oneLine(readBody(answer).toString()).slice(0, 300)
      throw trouble(
        `The function did not take the training set of ${registration.name.model}: ${why}`,
      )
    },
  }
}

function notStarted({ lastWords }: FunctionVoice): CliError {
  if (lastWords !== null) return new CliError([lastWords])
  return trouble('The function did not start and does not say why: --verbose shows all it prints.')
}

function lost({ lastWords }: FunctionVoice): CliError {
  const why = lastWords === null ? '' : ` (${lastWords.replace(/\.$/, '')})`
  return trouble(
    `The function ended ${DEATHS_MAX + 1} times in a row and was given up${why}: ` +
      'the same command goes on where it ended, and --verbose shows all that it prints.',
  )
}
