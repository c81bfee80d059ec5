import type { Answer, NuclioEvent } from 'nuclio-sdk-ts'
import type { Config } from '../lib/config/fields.ts'
import { kvPath, partsOf, tsdbPath } from '../lib/config/paths.ts'
import { takeFromHttp } from './ingest.ts'
import { ReadApi } from './read-api.ts'
import { isRegistration, takeRegistration } from './registrations.ts'
import { loadStatusPage } from './status-page.ts'
import { readAccessOf } from './who-may-read.ts'
import type { Service } from './wiring.ts'

/** The HTTP trigger: what is read, what is registered, and events. */
export class HttpApi {
  readonly #service: Service
  readonly #read: ReadApi

  constructor(config: Config, service: Service) {
    const metrics = tsdbPath(config)
    this.#service = service
    this.#read = new ReadApi({
      access: readAccessOf(config),
      sources: {
        reader: service.reader,
        records: service.registry.records,
        project: config.project,
        tables: {
          endpoints: { container: config.container, path: kvPath(config) },
          metrics: { ...metrics, path: partsOf(metrics.table).join('/') },
        },
      },
      nowMs: () => Math.floor(service.clock.nowUs() / 1000),
      status: () => statusOf(service),
      page: loadStatusPage,
      onTrouble: (reason) => service.telemetry.readFailed({ reason }),
    })
  }

  /** The answer to a request, at once for events. */
  answer(event: NuclioEvent): Answer | Promise<Answer> {
    const { method } = event
    if (method === 'GET' || method === 'HEAD' || ReadApi.isRead(event))
      return this.#read.answer(event)
    if (!isRegistration(event)) return takeFromHttp(event, this.#service)
    // It is answered with the record.
    return this.#read.refusalOf(event) ?? takeRegistration(event, this.#service)
  }
}

/** The status with what only the process knows. */
export function statusOf({ logs, storeName, paths }: Service): ReturnType<
  Service['logs']['status']
> & {
  readonly store: string
  readonly paths: Service['paths']
} {
  return { store: storeName, ...logs.status(), paths }
}
