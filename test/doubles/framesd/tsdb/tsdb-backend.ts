import type { JsonRequest } from '../json-request.ts'
import { Refusal } from '../refusal.ts'
import { keyRefusal, placeOf, type Session, type TablePlace } from '../session.ts'
import { parseFilter } from './label-filter.ts'
import { checkCreate } from './tsdb-create.ts'
import { TsdbTable } from './tsdb-table.ts'
import { rangeOf } from './tsdb-times.ts'

/** What framesd was started with, as far as a backend cares. */
export interface BackendConfig {
  readonly accessKey: string
  /** The web API; '' for none. */
  readonly webApiUrl: string
  /** The container of sessions that name none; '' for none. */
  readonly container: string
  readonly nowMs: () => number
}

/** The tables of all containers, in memory. */
export class TsdbBackend {
  readonly #config: BackendConfig
  readonly #containers = new Map<string, Map<string, TsdbTable>>()

  constructor(config: BackendConfig) {
    this.#config = config
  }

  /** Names of a container's tables, sorted. */
  tableNames(container: string): readonly string[] {
    return [...(this.#containers.get(container)?.keys() ?? [])].sort()
  }

  find({ container, table }: TablePlace): TsdbTable | null {
    return this.#containers.get(container)?.get(table) ?? null
  }

  /** The table that a request means. Throws Refusal for a wrong key and for an absent table. */
  open(session: Session, path: string): TsdbTable {
    const place = this.#admit(session, path)
    const table = this.find(place)
    if (table !== null) return table
    throw new Refusal(`No TSDB schema file found at '${this.#urlOf(place)}'.`)
  }

  /** Throws Refusal. */
  create(session: Session, request: JsonRequest): void {
    checkCreate({
      rate: request.text('rate'),
      aggregates: request.text('aggregates'),
      granularity: request.text('aggregation_granularity'),
    })
    const place = this.#admit(session, request.text('table'))
    if (this.find(place) !== null) {
      if (isIgnored(request, 'if_exists')) return
      throw new Refusal(`A TSDB table already exists at path '${this.#urlOf(place)}'.`)
    }
    const tables = this.#containers.get(place.container) ?? new Map<string, TsdbTable>()
    this.#containers.set(place.container, tables.set(place.table, new TsdbTable()))
  }

  /** Deletes a table, or the samples of a range, of metrics, of a filter. Throws Refusal. */
  delete(session: Session, request: JsonRequest): void {
    const place = this.#admit(session, request.text('table'))
    const table = this.find(place)
    if (table === null) {
      if (isIgnored(request, 'if_missing')) return
      throw new Refusal(`No TSDB schema file found at '${this.#urlOf(place)}'.`)
    }
    const [start, end, filter] = [
      request.text('start'),
      request.text('end'),
      request.text('filter'),
    ]
    const metrics = request.texts('metrics')
    if (start === '' && end === '' && filter === '' && metrics.length === 0) {
      this.#containers.get(place.container)?.delete(place.table)
      return
    }
    const { fromMs, toMs } = rangeOf({ start, end }, this.#config.nowMs())
    const isWanted = parseFilter(filter)
    table.remove(
      ({ metric, labels }, { atMs }) =>
        atMs >= fromMs &&
        atMs <= toMs &&
        (metrics.length === 0 || metrics.includes(metric)) &&
        isWanted(new Map([...labels, ['_name', metric]])),
    )
  }

  #admit(session: Session, path: string): TablePlace {
    const place = placeOf(session, path, this.#config.container)
    const url = this.#urlOf(place)
    const object = `/${place.container}/${place.table}/.schema`
    const refusal = keyRefusal(session, this.#config.accessKey, object)
    if (refusal === null) return place
    throw new Refusal(`Failed to read a TSDB schema from '${url}'.: ${refusal}`)
  }

  #urlOf({ container, table }: TablePlace): string {
    return `${this.#config.webApiUrl || 'http://127.0.0.1:8081'}/${container}/${table}`
  }
}

/** ErrorOptions as JSON: 0 FAIL, 1 IGNORE. Throws Refusal for another number. */
export function isIgnored(request: JsonRequest, name: 'if_exists' | 'if_missing'): boolean {
  const option = request.count(name)
  if (option === 0 || option === 1) return option === 1
  throw new Refusal(`bad request - ${name} is ${option}`, 400)
}
