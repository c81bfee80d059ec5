import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type Logger, type NuclioEvent, respond } from 'nuclio-sdk-ts'
import { type Environment, parseConfig } from '../lib/config/parse.ts'
import type { LogPort } from '../lib/stream/telemetry.ts'
import { HttpApi, statusOf } from './http-api.ts'
import { takeFromStream } from './ingest.ts'
import { openService, type Service } from './wiring.ts'

const FLUSH_MS_MAX = 60_000
const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** A service that takes events. */
export interface RunningService {
  /** The answer to an event, at once wherever nothing has to be waited for. */
  answer(event: NuclioEvent): Answer | Promise<Answer>
  /** Writes what there is, until it is done or the signal says that it is too late. */
  flush(aborted: AbortSignal): Promise<void>
}

/**
 * Starts everything behind the handler. In a file of its own, `service.js`, so that the handler is there
 * quickly and can say what is wrong when this cannot be loaded.
 *
 * @throws StreamError
 */
export async function startService(env: Environment, logger: Logger): Promise<RunningService> {
  const config = parseConfig(env)
  const port = Number(env['MODEL_MONITORING_PORT'])
  const service = await openService(config, {
    log: logPort(logger, config.logLevel),
    env,
    port: Number.isSafeInteger(port) && port > 0 ? port : null,
  })
  const http = new HttpApi(config, service)
  return {
    answer: (event) => {
      const { kind } = event.trigger
      if (kind === 'cron') return flushAndTell(service)
      return kind === 'http' ? http.answer(event) : takeFromStream(event, service)
    },
    flush: async (aborted) => {
      const isLate = new Promise<void>((resolve) =>
        aborted.addEventListener('abort', () => resolve()),
      )
      await Promise.race([service.logs.flushLive(), isLate])
      await service.logs.sync()
    },
  }
}

/**
 * A cron event asks for everything to be written; the answer comes when it is, or when a store has not
 * taken it for a minute: what is still pending stands in it.
 */
async function flushAndTell(service: Service): Promise<Answer> {
  const tooLate = new AbortController()
  const isLate = wait(FLUSH_MS_MAX, undefined, { signal: tooLate.signal }).catch(() => undefined)
  await Promise.race([service.logs.flushAll(), isLate])
  tooLate.abort()
  return respond({ body: statusOf(service) })
}

function logPort(logger: Logger, least: (typeof LEVELS)[number]): LogPort {
  const from = LEVELS.indexOf(least)
  const write =
    (level: (typeof LEVELS)[number]) =>
    (message: string, fields: object): void => {
      if (LEVELS.indexOf(level) >= from) logger[`${level}With`](message, { ...fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
