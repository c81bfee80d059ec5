import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Registration } from '../lib/register/registration.ts'
import { commandText } from './command-text.ts'
import { type DataPaths, dataPaths, takeDataFolder } from './data-folder.ts'
import { demoRegistrations } from './demo-models.ts'
import { NOT_BUILT, trouble } from './errors.ts'
import { type FunctionEnv, functionEnv } from './function-env.ts'
import { type Input, openInput, streamInput } from './input.ts'
import { browserCommand, openBrowser } from './open-browser.ts'
import { type Played, play } from './play.ts'
import { findPort } from './port.ts'
import { type RunOptions, readRunOptions } from './run-options.ts'
import { Screen } from './screen.ts'
import { type BuiltFiles, type Session, startSession } from './session.ts'
import { Stopped, type StopRequest, watchSignals } from './stop-request.ts'
import { pendingSentence, summaryLines } from './summary.ts'

const EXAMPLES = join(__dirname, '..', 'examples')
const DEMO_INPUT = 'events-2021.jsonl'
const HELD_LINE_MS = 5_000

/** Everything that is known before anything is started. */
interface Plan {
  readonly options: RunOptions
  readonly files: BuiltFiles
  readonly input: Input | null
  /** Training sets of the models whose events are played. */
  readonly registrations: readonly Registration[]
  readonly isRecorded: boolean
  readonly paths: DataPaths
  readonly port: number | null
  readonly functionEnv: FunctionEnv
}

/**
 * `model-monitoring run`: the function on this machine.
 *
 * @returns  the exit code
 * @throws CliError, StreamError, RunnerError
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readRunOptions(args)
  const screen = new Screen(process.stderr)
  const signals = watchSignals()
  try {
    const plan = await makePlan(options)
    const { isFreshDemo } = options
    const lock = await takeDataFolder(plan.paths, { isFreshDemo })
    try {
      return await runPlan(plan, { screen, signals })
    } finally {
      lock.release()
    }
  } finally {
    screen.progress('')
    signals.forget()
  }
}

/** Checks all that can be checked: nothing is made, started or opened. */
async function makePlan(options: RunOptions): Promise<Plan> {
  const files = builtFiles()
  const input = await chooseInput(options.input)
  const isRecorded = input !== null && input.eventCount !== null
  const paths = dataPaths(options.dataFolder)
  const kind = { isRecorded, isDemo: options.isDemo }
  // The settings do not depend on which port it is, and their complaints come first.
  functionEnv(process.env, paths, { ...kind, port: options.port })
  const port = options.port === null ? null : await findPort(options.port, options.host)
  const env = functionEnv(process.env, paths, { ...kind, port })
  const registrations = options.input === 'demo' ? await demoRegistrations(EXAMPLES) : []
  return { options, files, input, registrations, isRecorded, paths, port, functionEnv: env }
}

function builtFiles(): BuiltFiles {
  const handlerFile = join(__dirname, 'handler.js')
  const wrapperPath = join(__dirname, 'local-wrapper.js')
  if (existsSync(handlerFile) && existsSync(wrapperPath)) return { handlerFile, wrapperPath }
  throw trouble(NOT_BUILT)
}

async function chooseInput(input: RunOptions['input']): Promise<Input | null> {
  if (input === null) return null
  if (input === 'stdin') return streamInput(process.stdin, 'stdin')
  if (input !== 'demo') return await openInput(input.path)
  const path = join(EXAMPLES, DEMO_INPUT)
  if (existsSync(path)) return await openInput(path)
  throw trouble(`The demo's events are not at ${path}: name a file with --input.`)
}

interface Around {
  readonly screen: Screen
  readonly signals: StopRequest
}

async function runPlan(plan: Plan, { screen, signals }: Around): Promise<number> {
  const { options, files, functionEnv: own } = plan
  const say = (line: string): void => screen.line(line)
  const starting = startSession(files, { env: own.env, isVerbose: options.isVerbose, say })
  let session: Session
  try {
    session = await Promise.race([starting, signals.requested])
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    const late = await starting.catch(() => null) // it is not wanted any more
    await late?.runner.stop()
    return stoppedCode(plan, screen)
  }
  const { runner, givenUp } = session
  try {
    const work = workThrough(plan, { session, screen })
    const exitCode = await Promise.race([work, givenUp, signals.requested])
    if (options.isOnce) return exitCode
    return await Promise.race([givenUp, signals.requested])
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    screen.progress('')
    screen.line('Stopping.')
    await runner.stop()
    return stoppedCode(plan, screen)
  } finally {
    await runner.stop()
  }
}

/** With --once a signal means that the work is not done. */
function stoppedCode({ options }: Plan, screen: Screen): number {
  if (!options.isOnce) return 0
  screen.line('Stopped before everything was played and written: the same command goes on.')
  return 1
}

/** Opens the port, plays the input, has everything written and tells of it. The exit code. */
async function workThrough(
  plan: Plan,
  { session, screen }: { session: Session; screen: Screen },
): Promise<number> {
  const { options, input, paths, port, isRecorded, registrations } = plan
  const { runner } = session
  const url = port === null ? null : (await runner.listenHttp({ port, host: options.host })).url
  if (url !== null) screen.line(`Serving ${url} (the status page; events by POST to it).`)
  let exitCode = 0
  if (input !== null) {
    for (const registration of registrations) await session.register(registration)
    const { speed } = options
    const offsetsPath = paths.offsets
    const played = await play(input, { runner, screen, offsetsPath, speed, isRecorded })
    exitCode = await summarize(plan, { session, screen, played })
  }
  if (url !== null) tellServing(url, options)
  return exitCode
}

/** Says that it goes on, and shows the page of a demo to who sits in front of it. */
function tellServing(url: string, { isDemo, isOnce }: RunOptions): void {
  const words = isOnce ? '' : ': open it in a browser to see the endpoints'
  process.stdout.write(`Serving ${url} until Ctrl-C${words}.\n`)
  const { stdin, stdout, platform, env } = process
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true
  const command = isDemo && !isOnce ? browserCommand({ platform, env, isTerminal }) : null
  if (command !== null) openBrowser(command, url)
}

async function summarize(
  plan: Plan,
  { session, screen, played }: { session: Session; screen: Screen; played: Played },
): Promise<number> {
  const { options, functionEnv: own } = plan
  const startedAtMs = Date.now()
  const timer = setTimeout(() => {
    screen.line('Waiting until the stores have taken everything; Ctrl-C leaves it to the spool.')
  }, HELD_LINE_MS)
  const status = await session.flush().finally(() => clearTimeout(timer))
  const { storeUrl } = own.config
  const isEmbedded = storeUrl.startsWith('embedded:')
  // Any other store is found by STORE_URL, which the reader of this line has set.
  const data = isEmbedded ? ['--data', options.dataFolder] : []
  const lines = summaryLines(status, {
    tookMs: played.tookMs + Date.now() - startedAtMs,
    eventCount: played.eventCount,
    storeFolder: isEmbedded ? storeUrl.slice('embedded:'.length) : '',
    nextCommands: [commandText(['endpoints', ...data]), commandText(['series', ...data])],
  })
  process.stdout.write(`\n${lines.join('\n')}\n`)
  const pending = pendingSentence(status)
  if (pending === null) return 0
  screen.line(pending)
  return 1
}
