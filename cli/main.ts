#!/usr/bin/env node
import { AUDIT_HELP, auditBooks } from './audit.ts'
import { DEAD_LETTERS_HELP, deadLetters } from './dead-letters.ts'
import { explain, wrongUsage } from './errors.ts'
import { ENDPOINTS_HELP, readEndpoints, readSeries, SERIES_HELP } from './read-commands.ts'
import { registerTrainingSet } from './register.ts'
import { REGISTER_HELP } from './register-options.ts'
import { run } from './run.ts'
import { RUN_HELP } from './run-options.ts'

interface Command {
  readonly help: string
  /** Gives the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>
}

const COMMANDS = new Map<string, Command>([
  ['run', { help: RUN_HELP, run }],
  ['register', { help: REGISTER_HELP, run: registerTrainingSet }],
  ['endpoints', { help: ENDPOINTS_HELP, run: readEndpoints }],
  ['series', { help: SERIES_HELP, run: readSeries }],
  ['audit', { help: AUDIT_HELP, run: auditBooks }],
  ['dead-letters', { help: DEAD_LETTERS_HELP, run: deadLetters }],
])

const HELP = `model-monitoring COMMAND [options]

  run           starts the function on this machine, plays events to it and serves HTTP
  register      writes what a model's training set looks like into its record
  endpoints     shows the endpoints and their newest numbers
  series        shows the metrics over time
  audit         proves from files and tables that every event is accounted for
  dead-letters  shows what was not taken, and gives it to the function again

"model-monitoring COMMAND --help" says more.
`

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  const known = [...COMMANDS.keys()].join(', ')
  if (name === undefined) {
    throw wrongUsage(`Which command: ${known}? "model-monitoring --help" tells what they do.`)
  }
  if (name === '--help' || name === '-h') return print(HELP)
  const command = COMMANDS.get(name)
  if (command === undefined) {
    throw wrongUsage(`There is no command ${JSON.stringify(name)}, only ${known}.`)
  }
  if (rest.includes('--help') || rest.includes('-h')) return print(command.help)
  return await command.run(rest)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function onError(error: unknown): number {
  const { exitCode, lines } = explain(error, { isVerbose: process.argv.includes('--verbose') })
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  return exitCode
}

// Whoever reads our output may go away early (`| head`); then nobody wants the rest.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// Not by process.exitCode: a stdin that is still open would keep the process.
void main(process.argv.slice(2))
  .catch(onError)
  .then((exitCode) => process.stdout.write('', () => process.exit(exitCode)))
