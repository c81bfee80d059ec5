import { EXIT_USAGE, wrongUsage } from './errors.ts'
import { readOptions, someText, wholeNumber } from './usage.ts'

/** What `run` was asked to do. */
export interface RunOptions {
  /** The file to play, `-` for stdin, `demo` for the recorded events of examples/; null for none. */
  readonly input: { readonly kind: 'file'; readonly path: string } | 'stdin' | 'demo' | null
  readonly dataFolder: string
  readonly isDemo: boolean
  /** A demo without --data begins anew each time. */
  readonly isFreshDemo: boolean
  /** Stop when all is played and written, rather than serve. */
  readonly isOnce: boolean
  /** 0 for any free port; null for no HTTP. */
  readonly port: number | null
  /** Address that HTTP is served on. */
  readonly host: string
  /** How much faster than the events' own times; null for as fast as they are answered. */
  readonly speed: number | null
  readonly isVerbose: boolean
}

/** The data folder of `run` without --data. */
export const DATA_FOLDER = 'model-monitoring-data'
/** The data folder of `run --demo` without --data. */
export const DEMO_FOLDER = 'demo-data'

const HOST = '127.0.0.1'
/** The command line reaches a function at the first one, which the others have in them. */
const HOSTS: readonly string[] = [HOST, '0.0.0.0', '::']
const PORT = 8080
const PORT_MAX = 65_535

/** What `run --help` prints. */
export const RUN_HELP = `model-monitoring run [options]

Starts the function on this machine, with a store in a folder, plays events to it and serves HTTP.
Every setting of the function may be given in the environment (docs/settings.md); STORE_URL,
SPOOL_PATH, DEAD_LETTER_PATH and PARQUET_PATH_TEMPLATE lie in the data folder unless they are given.

  --input FILE  plays the lines of FILE, one event each; - reads them from stdin. Playing a file
                again with the same data folder goes on where it ended.
  --demo        plays examples/events-2021.jsonl (or the --input) into ${DEMO_FOLDER}, which is made
                anew each time unless --data is given
  --once        stops when everything is played and written, instead of serving
  --data DIR    where everything lies; default ${DATA_FOLDER}
  --port N      HTTP port, 0 for any; default ${PORT}, and none with --once
  --host IP     ${HOST} serves this machine alone, which is the default; 0.0.0.0 all that reach it:
                set READ_TOKEN, so that only who sends it can read
  --speed N     plays N times as fast as the events' own times; default as fast as possible
  --verbose     shows everything that the function logs
  --help        shows this

Exit code: 0 all is well, 1 something is wrong (a sentence says what), ${EXIT_USAGE} wrong usage.
`

/**
 * Reads the command line of `run`.
 *
 * @throws CliError with exit code 2
 */
export function readRunOptions(args: readonly string[]): RunOptions {
  const values = readOptions('run', args, {
    input: { type: 'string' },
    demo: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    data: { type: 'string' },
    port: { type: 'string' },
    host: { type: 'string', default: HOST },
    speed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  })
  const data = someText('data', values.data)
  const input = inputOf(someText('input', values.input), values.demo)
  if (values.once && input === null) {
    throw wrongUsage('--once needs something to play: add --input FILE or --demo.')
  }
  if (values.speed !== undefined && input === null) {
    throw wrongUsage('--speed needs something to play: add --input FILE or --demo.')
  }
  return {
    input,
    dataFolder: data ?? (values.demo ? DEMO_FOLDER : DATA_FOLDER),
    isDemo: values.demo,
    isFreshDemo: values.demo && data === undefined,
    isOnce: values.once,
    port: portOf(values.port, values.once),
    host: hostOf(values.host),
    speed: values.speed === undefined ? null : speedOf(values.speed),
    isVerbose: values.verbose,
  }
}

function inputOf(path: string | undefined, isDemo: boolean): RunOptions['input'] {
  if (path === undefined) return isDemo ? 'demo' : null
  return path === '-' ? 'stdin' : { kind: 'file', path }
}

function portOf(given: string | undefined, isOnce: boolean): number | null {
  if (given === undefined) return isOnce ? null : PORT
  return wholeNumber('port', given, { min: 0, max: PORT_MAX })
}

function hostOf(given: string): string {
  if (HOSTS.includes(given)) return given
  throw wrongUsage(`--host wants ${HOSTS.join(' or ')}, not ${JSON.stringify(given)}.`)
}

function speedOf(given: string): number {
  const speed = /^\d*\.?\d+$/.test(given) ? Number(given) : Number.NaN
  if (speed > 0 && speed < Number.POSITIVE_INFINITY) return speed
  throw wrongUsage(`--speed wants a number above 0, not ${JSON.stringify(given)}.`)
}
