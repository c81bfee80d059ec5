import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, defineHandler, type NuclioEvent, respond } from 'nuclio-sdk-ts'
import { parseConfig } from '../lib/config/parse.ts'
import type { LogPort } from '../lib/stream/telemetry.ts'
import { answerRead, statusOf } from './http-api.ts'
import { takeFromHttp, takeFromStream } from './ingest.ts'
import { openService, type Service } from './wiring.ts'

const FLUSH_MS_MAX = 60_000
const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** The two exports that Nuclio looks for. */
export const { handler, initContext, logger } = defineHandler<Service>({
  init: () => start(),
  handle: (event, _context, service) => answerOf(event, service),
  flush: async ({ aborted }, { pipeline }) => {
    const isLate = new Promise<void>((resolve) =>
      aborted.addEventListener('abort', () => resolve()),
    )
    await Promise.race([pipeline.flushAll(), isLate])
    await pipeline.sync()
  },
})

function start(): Promise<Service> {
  const config = parseConfig(process.env)
  const port = Number(process.env['MODEL_MONITORING_PORT'])
  return openService(config, {
    log: logPort(config.logLevel),
    env: process.env,
    port: Number.isSafeInteger(port) && port > 0 ? port : null,
  })
}

function answerOf(event: NuclioEvent, service: Service): Answer | Promise<Answer> {
  const { kind } = event.trigger
  if (kind === 'cron') return flushAndTell(service)
  if (kind !== 'http') return takeFromStream(event, service)
  return event.method === 'GET' ? answerRead(event, service) : takeFromHttp(event, service)
}

/**
 * A cron event asks for everything to be written; the answer comes when it is, or when a store has not
 * taken it for a minute: what is still pending stands in it.
 */
async function flushAndTell(service: Service): Promise<Answer> {
  const tooLate = new AbortController()
  const isLate = wait(FLUSH_MS_MAX, undefined, { signal: tooLate.signal }).catch(() => undefined)
  await Promise.race([service.pipeline.flushAll(), isLate])
  tooLate.abort()
  return respond({ body: statusOf(service) })
}

function logPort(least: (typeof LEVELS)[number]): LogPort {
  const from = LEVELS.indexOf(least)
  const write =
    (level: (typeof LEVELS)[number]) =>
    (message: string, fields: object): void => {
      if (LEVELS.indexOf(level) >= from) logger[`${level}With`](message, { ...fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
