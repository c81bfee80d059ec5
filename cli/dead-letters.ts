import { existsSync } from 'node:fs'
import { readFolderOwner } from '../lib/store/disk/folder-lock.ts'
import { DEAD_LETTER_HEADER } from '../lib/stream/accept/dead-letter-key.ts'
import { isJsonObject } from '../lib/stream/accept/event.ts'
import { partOfEvent } from '../lib/stream/accept/event-part.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import { dataPaths } from './data-folder.ts'
import { type Letter, readLetters } from './dead-letter-files.ts'
import { noAnswerReason, oneLine, trouble, wrongUsage } from './errors.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'
import { type Column, formatCount, printable, tableLines } from './table.ts'
import { readOptions, someText } from './usage.ts'

/** What `dead-letters --help` prints. */
export const DEAD_LETTERS_HELP = `model-monitoring dead-letters list|redrive [options]

What was not taken, with the reason. "list" shows it; "redrive" gives the events to a function that runs,
such as after a setting was changed: each one counts once, however often this is called.

  --data DIR       of this data folder; default: DEAD_LETTER_PATH of the environment, else ${DATA_FOLDER} or
                   ${DEMO_FOLDER}, whichever there is
  --path DIR       of this folder of dead letters
  --reason R       only letters with this reason
  --log L          only letters of this log
  --url URL        redrive: where the function takes events; default: the one that has the data folder
  --dry-run        redrive: shows what would be given to it, and gives nothing
  --json           list: prints an array of the letters as they were written
  --help           shows this
`

const OPTIONS = {
  data: { type: 'string' },
  path: { type: 'string' },
  reason: { type: 'string' },
  log: { type: 'string' },
  url: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

const WAIT_MS_MAX = 60_000
const TRIES_MAX = 5

/**
 * `model-monitoring dead-letters`.
 *
 * @returns  the exit code: 1 if something that was to be re-driven was not taken
 * @throws CliError
 */
export async function deadLetters(args: readonly string[]): Promise<number> {
  const [action = '', ...rest] = args
  if (action !== 'list' && action !== 'redrive') {
    throw wrongUsage('Which one: "dead-letters list" or "dead-letters redrive"?')
  }
  const values = readOptions(`dead-letters ${action}`, rest, OPTIONS)
  const data = someText('data', values.data)
  const place = placeOf(data, someText('path', values.path))
  const letters = [...readLetters(place.folder)].filter(
    ({ reason, log }) => reason === (values.reason ?? reason) && log === (values.log ?? log),
  )
  if (action === 'list') return list(letters, values.json)
  const chosen = redrivable(letters)
  if (values['dry-run']) return list(chosen, values.json)
  return await redrive(chosen, letters, someText('url', values.url) ?? urlOf(place.root))
}

interface Place {
  readonly folder: string
  /** The data folder that it is in, if it is in one. */
  readonly root: string | null
}

function placeOf(data: string | undefined, path: string | undefined): Place {
  if (data !== undefined && path !== undefined) throw wrongUsage('Give --data or --path, not both.')
  const folder = path ?? (data === undefined ? process.env['DEAD_LETTER_PATH'] : undefined)
  if (folder !== undefined && folder !== '') return { folder, root: null }
  const found = data ?? [DATA_FOLDER, DEMO_FOLDER].find((name) => existsSync(name))
  if (found === undefined) {
    throw trouble('There are no dead letters here: name a data folder with --data, or --path.')
  }
  const { root, deadLetters: inData } = dataPaths(found)
  return { folder: inData, root }
}

const COLUMNS: readonly Column[] = [
  { title: 'time' },
  { title: 'reason' },
  { title: 'about' },
  { title: 'log/offset/call/row' },
]

function list(letters: readonly Letter[], isJson: boolean): number {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(letters.map(({ line }) => line))}\n`)
    return 0
  }
  const rows = letters.map(({ time, reason, about, log, event }) => [
    time,
    printable(oneLine(reason)).slice(0, 60),
    printable(oneLine(about)).slice(0, 60),
    event === null ? `${log}, taken` : event.key,
  ])
  const lines = letters.length === 0 ? [] : [...tableLines(COLUMNS, rows), '']
  process.stdout.write([...lines, `${formatCount(letters.length, 'dead letter')}\n`].join('\n'))
  return 0
}

/** Letters of events, but those that were taken up again in vain: a newer letter stands for them. */
function redrivable(letters: readonly Letter[]): readonly Letter[] {
  const replaced = new Set(letters.map(({ event }) => event?.comesOf ?? ''))
  return letters.filter(({ event }) => event !== null && !replaced.has(event.key))
}

/** Where the function listens that has a data folder. */
function urlOf(root: string | null): string {
  const store = root === null ? '' : dataPaths(root).store
  const owner = existsSync(store) ? readFolderOwner(store) : undefined
  const port = owner?.liveness === 'alive' ? owner.facts['port'] : undefined
  if (port !== undefined) return `http://127.0.0.1:${port}`
  throw trouble(
    'No function runs here that could take them: start one with "model-monitoring run", or name one with --url.',
  )
}

async function redrive(
  chosen: readonly Letter[],
  letters: readonly Letter[],
  url: string,
): Promise<number> {
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  for (const { event } of chosen) {
    if (event === null) continue
    const part = event.body === null ? null : partOfEvent(event.body, event)
    if (part === null) count('without the event it is about')
    else count(await give(part, event.key, url))
  }
  const refused = letters.filter(({ event }) => event === null).length
  const lines = [...counts].map(([what, number]) => `${formatCount(number, 'letter')} ${what}\n`)
  if (chosen.length === 0) lines.push('There is nothing to re-drive.\n')
  if (refused > 0) {
    lines.push(`${formatCount(refused, 'letter')} left: a store has refused what is in them\n`)
  }
  process.stdout.write(lines.join(''))
  const good = new Set(OUTCOMES.values())
  return [...counts.keys()].every((what) => good.has(what)) ? 0 : 1
}

/** In people's words, by what the function answers. */
const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ['accepted', 'accepted'],
  ['waiting', 'accepted'],
  ['spooled', 'in the spool, which is being read again'],
  ['error', 'counted as errors'],
  ['ignored', 'ignored'],
  ['duplicate', 'taken before'],
])

/** Gives an event to the function, and what came of it. */
async function give(body: Uint8Array, key: string, url: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    const { status, text } = await post(body, key, url)
    const answer = tryParseJson(text)
    const { outcome, reason } = isJsonObject(answer) ? answer : {}
    if (typeof outcome === 'string') {
      if (outcome === 'rejected') return `rejected again (${String(reason)})`
      return OUTCOMES.get(outcome) ?? outcome
    }
    if (status !== 503 || tries === TRIES_MAX) {
      const what = oneLine(text).slice(0, 200)
      throw trouble(`The function at ${url} does not take events (status ${status}: ${what}).`)
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000 * tries))
  }
}

async function post(body: Uint8Array, key: string, url: string) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', [DEAD_LETTER_HEADER]: key },
      body,
      signal: AbortSignal.timeout(WAIT_MS_MAX),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    const why = noAnswerReason(error)
    throw trouble(`The function at ${url} cannot be reached (${why}): see that it runs.`)
  }
}
