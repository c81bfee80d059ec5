import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DIST = join(process.cwd(), 'dist')
const CLI = join(DIST, 'cli.js')

/** What a command left behind. */
export interface Result {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Where and how a command is called. */
export interface CliOptions {
  readonly cwd: string
  /** Default the built one. */
  readonly cli?: string
  /** Besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is removed when the tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-test-'))
  folders.push(folder)
  return folder
}

/** Starts a command. */
export function start(
  args: readonly string[],
  { cwd, cli = CLI, env = {} }: CliOptions,
): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  return spawn(process.execPath, [cli, ...args], { cwd, env: { PATH, HOME, ...env } })
}

/** Reads what a command says until it has ended. */
export async function finished(child: ChildProcess): Promise<Result> {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const [exitCode] = await once(child, 'close')
  return { exitCode, ...texts }
}

/** What a command has printed on stdout, as soon as that holds a text. */
export async function heard(child: ChildProcess, text: string): Promise<string> {
  let told = ''
  for (const stdout = child.stdout; stdout !== null && !told.includes(text); ) {
    const [more] = await once(stdout, 'data')
    told += more
  }
  return told
}

/** Runs a command to its end. */
export async function cli(args: readonly string[], options: CliOptions): Promise<Result> {
  const child = start(args, options)
  const result = finished(child)
  child.stdin?.end(options.stdin ?? '')
  return await result
}

/** The command told this on stderr, a sentence a line, and nothing else. */
export function assertTold(
  result: Result,
  { exitCode, sentences }: { exitCode: number; sentences: readonly RegExp[] },
): void {
  const lines = result.stderr.trimEnd().split('\n')
  assert.equal(lines.length, sentences.length, result.stderr)
  for (const [index, sentence] of sentences.entries()) assert.match(lines[index] ?? '', sentence)
  assert.doesNotMatch(result.stderr, /^ {4}at /m)
  assert.equal(result.exitCode, exitCode)
}

/** A copy of the command beside another function. */
export function standIn(folder: string, handler: string | null): string {
  const dist = join(folder, 'dist')
  mkdirSync(dist)
  for (const name of ['cli.js', 'local-wrapper.js'])
    copyFileSync(join(DIST, name), join(dist, name))
  if (handler !== null) writeFileSync(join(dist, 'handler.js'), handler)
  return join(dist, 'cli.js')
}

/** Lines of events of one second each from 2021-07-01 10:00 on. */
export function events(count: number, model = 'iris'): string {
  return Array.from({ length: count }, (_, index) => {
    const when = new Date(Date.UTC(2021, 6, 1, 10, 0, index)).toISOString()
    const event = {
      model,
      version: 'v1',
      function_uri: 'demo/serving',
      when,
      microsec: 1000,
      op: 'infer',
      request: { id: `r${index}`, inputs: [[index, 2.5]] },
      resp: { outputs: [1] },
    }
    return `${JSON.stringify(event)}\n`
  }).join('')
}

/** Writes what a command is to play. */
export function write(folder: string, text: string): string {
  const path = join(folder, 'input.jsonl')
  writeFileSync(path, text)
  return path
}

/** The environment that names the store of the data folder `data`. */
export function storeIn(folder: string): Readonly<Record<string, string>> {
  return { STORE_URL: `embedded:${join(folder, 'data/store')}` }
}
