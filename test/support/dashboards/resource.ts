import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A query of a panel as the file has it. */
export interface Target {
  readonly refId: string
  readonly datasource: unknown
  readonly type?: string
  readonly target?: string
  readonly url?: string
  readonly format?: string
  readonly url_options?: { readonly params: readonly { key: string; value: string }[] }
  readonly columns?: readonly { selector: string; text: string; type: string }[]
  readonly rawSql?: string
  readonly expr?: string
  readonly legendFormat?: string
  readonly instant?: boolean
}

/** A panel as the file has it. */
export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource: unknown
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets: readonly Target[]
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[]
  readonly options: { readonly reduceOptions?: { readonly calcs: readonly string[] } }
  readonly fieldConfig: {
    readonly defaults: {
      readonly displayName?: string
      readonly custom?: { readonly spanNulls?: boolean }
    }
    readonly overrides: readonly {
      readonly matcher: { readonly options: string }
      readonly properties: readonly { readonly id: string; readonly value: unknown }[]
    }[]
  }
}

/** Words for values. */
export interface Mapping {
  readonly type: string
  readonly options: Readonly<Record<string, { readonly text: string }>>
}

/** A dashboard as the file has it. */
export interface DashboardJson {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly links: readonly { readonly url: string }[]
  readonly templating: {
    readonly list: readonly {
      readonly type: string
      readonly name: string
      readonly datasource?: unknown
      readonly query: unknown
    }[]
  }
  readonly panels: readonly Panel[]
}

/** A file of `resource/`. */
export interface ResourceFile {
  readonly path: string
  /** Of data sources: `mlrun-api`, or the name of the folder. */
  readonly family: string
  readonly name: string
  readonly dashboard: DashboardJson
}

/** Every dashboard file that there is. */
export function resourceFiles(): readonly ResourceFile[] {
  return readdirSync('resource', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => {
      const parts = path.split('/')
      const [family = ''] = parts.length === 1 ? ['mlrun-api'] : parts
      const dashboard = JSON.parse(readFileSync(join('resource', path), 'utf8')) as DashboardJson
      const name = parts.at(-1)?.replace('.json', '') ?? ''
      return { path: `resource/${path}`, family, name, dashboard }
    })
}
