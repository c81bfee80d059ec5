import type { WorkerExit, WorkerOutput } from 'nuclio-sdk-ts/runner'
import { oneLine } from './errors.ts'
import { printable } from './table.ts'

/** What ends the last words of a function of our SDK before their reason. */
const DYING = /^nuclio-sdk-ts: .*?; the process ends\. /
const ERROR_NAME = /^(?:[A-Z]\w*)?Error(?: \[\w+\])?: /
const TEXT_CHARS_MAX = 1000
const VALUE_CHARS_MAX = 300
const HELD_LINES_MAX = 200
// The place, the line of code, and a caret below it.
const FRAME_LINES = 3

/**
 * Makes lines for people of what the function logs and prints: warnings and errors, without the
 * stacks of errors. Until `begin` is called everything is held back: a function that cannot start
 * says so again with each attempt, and is heard once.
 */
export class FunctionVoice {
  readonly #say: (line: string) => void
  readonly #isVerbose: boolean
  #hasBegun = false
  /** Different lines, in the order they came first. */
  readonly #held = new Set<string>()
  #lastWords: string | null = null
  #frameLinesLeft = 0

  constructor(say: (line: string) => void, { isVerbose }: { isVerbose: boolean }) {
    this.#say = say
    this.#isVerbose = isVerbose
  }

  /** Why the function ended, in its own words; null when it said nothing. */
  get lastWords(): string | null {
    return this.#lastWords
  }

  /** The function runs: what was held back is said, and what follows at once. */
  begin(): void {
    this.#hasBegun = true
    for (const line of this.#held) this.#say(line)
    this.#held.clear()
  }

  onOutput(output: WorkerOutput): void {
    switch (output.kind) {
      case 'log': {
        const isLoud = output.level === 'warn' || output.level === 'error'
        if (isLoud || this.#isVerbose) this.#tell(logLine(output))
        return
      }
      case 'stdout':
        if (this.#isVerbose) this.#tell(shown(output.text))
        return
      case 'stderr':
        this.#onStderr(output.text)
    }
  }

  onWorkerExit({ exitCode, signal, restartInMs }: WorkerExit): void {
    if (restartInMs === null) return // told by whoever waits for an answer
    this.#frameLinesLeft = 0
    this.#lastWords = null // the next one has its own
    const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`
    const start = `in ${(restartInMs / 1000).toFixed(1)} s`
    this.#tell(`warn   The function's process ended (${how}) and is started again ${start}.`)
  }

  #onStderr(text: string): void {
    const words = DYING.test(text) ? text.replace(DYING, '') : null
    const sentence = oneLine((words ?? text).replace(ERROR_NAME, ''))
    if (words !== null) this.#lastWords = shown(sentence)
    const isNoise = this.#isNoise(text)
    if (!isNoise) this.#lastWords ??= shown(sentence)
    if (this.#isVerbose) this.#tell(shown(text))
    else if (words !== null) this.#tell(`error  ${shown(sentence)}`)
    else if (!isNoise) this.#tell(shown(text))
  }

  /** Stacks, and the place in the bundle that node shows above an uncaught error. */
  #isNoise(text: string): boolean {
    if (/^(?:\/|[A-Z]:\\|node:|file:).*:\d+$/.test(text)) this.#frameLinesLeft = FRAME_LINES
    if (this.#frameLinesLeft > 0) {
      this.#frameLinesLeft--
      return true
    }
    return /^\s|^$|^\}|^Node\.js v|^Require stack:|^- \/|^(?:debug|info): /.test(text)
  }

  #tell(line: string): void {
    if (this.#hasBegun || this.#isVerbose) this.#say(line)
    else if (this.#held.size < HELD_LINES_MAX) this.#held.add(line)
  }
}

/** A record of the log as one line: `warn   Sentence. key=value other="with blanks"`. */
function logLine({ level, message, fields }: Extract<WorkerOutput, { kind: 'log' }>): string {
  const pairs = Object.entries(fields)
    .filter(([name]) => name !== 'loggedAt')
    .map(([name, value]) => ` ${printable(name)}=${valueText(value)}`)
  return `${level.padEnd(5)}  ${shown(message)}${pairs.join('')}`
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  const cut = text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}...` : text
  const isPlain = typeof value !== 'string' || /^[^\s"=]+$/.test(cut)
  return printable(isPlain ? cut : JSON.stringify(cut))
}

function shown(text: string): string {
  const cut = text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}...` : text
  return printable(cut)
}
