import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Runner, startRunner } from 'nuclio-sdk-ts/runner'
import { FIRST_AT_MS, makeEvents } from './events.ts'
import { type Figure, figureOf } from './support.ts'

const EVENTS = 15_000
const ROUNDS = 3
/** proc(5): CPU times are counted in ticks of 10 ms. */
const TICK_US = 10_000

/** CPU of the function's process per event, inside the contract of Nuclio's wrapper. */
export interface WrapperResult {
  readonly functionUs: Figure
  readonly emptyUs: Figure
  readonly wrapperOverEmpty: number
}

/**
 * Plays the same events to the whole function (spool, embedded store, flushes as they come) and to an
 * empty one. The start of either is left out.
 */
export async function measureWrapper(): Promise<WrapperResult> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-wrapper-'))
  const input = join(folder, 'events.jsonl')
  const events = makeEvents({ count: EVENTS, endpointCount: 100, featureCount: 20 })
  writeFileSync(input, `${events.join('\n')}\n`)
  const emptyHandler = join(folder, 'handler.js')
  writeFileSync(emptyHandler, 'exports.handler = (context, event) => context.callback("")\n')
  const own = await start(resolve('dist/handler.js'), join(folder, 'data'))
  const empty = await start(emptyHandler, join(folder, 'data'))
  try {
    const runs = { own: [] as number[], empty: [] as number[] }
    for (let round = -1; round < ROUNDS; round++) {
      const ownUs = await cpuUsPerEvent(own, input, round)
      const emptyUs = await cpuUsPerEvent(empty, input, round)
      if (round < 0) continue // compiles the code
      runs.own.push(ownUs)
      runs.empty.push(emptyUs)
    }
    const [functionUs, emptyUs] = [figureOf(runs.own), figureOf(runs.empty)]
    return { functionUs, emptyUs, wrapperOverEmpty: functionUs.least / emptyUs.least }
  } finally {
    await Promise.all([own.stop(), empty.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

function start(handlerFile: string, data: string): Promise<Runner> {
  return startRunner({
    handlerFile,
    wrapperPath: resolve('dist/local-wrapper.js'),
    env: {
      ...process.env,
      STORE_URL: `embedded:${join(data, 'store')}`,
      SPOOL_PATH: join(data, 'spool'),
      DEAD_LETTER_PATH: join(data, 'dead-letters'),
      PARQUET_PATH_TEMPLATE: join(data, 'parquet'),
      CLOCK: 'trigger',
    },
    onWorkerExit: ({ exitCode }) => {
      if (exitCode !== 0 && exitCode !== null) console.error(`A worker ended with ${exitCode}.`)
    },
  })
}

async function cpuUsPerEvent(runner: Runner, input: string, round: number): Promise<number> {
  await runner.send({ kind: 'cron', body: '' }) // the store is open, nothing waits
  const [pid] = runner.pids
  const before = cpuUsOfProcess(pid)
  const stream = await runner.playStream(input, {
    topic: `round-${round}`,
    timestampMsOf: () => FIRST_AT_MS + 1_000_000,
  })
  await stream.done
  return (cpuUsOfProcess(pid) - before) / EVENTS
}

/** User and system time of a process and its threads, from Linux's /proc. */
function cpuUsOfProcess(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}
