import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

/** The last one in which data sources are named by their names alone; every later Grafana migrates it. */
const NAMES_SCHEMA = 30

/**
 * A dashboard as Grafana from 8.0 on takes it: its simple JSON data source ends with Grafana 11, and those who use
 * it mostly have older ones. Data sources are their names, and colored cells are said in the older way.
 */
export function forOldGrafana(dashboard: Dashboard): object {
  const plain: unknown = JSON.parse(JSON.stringify(dashboard))
  return { ...(older(plain) as object), schemaVersion: NAMES_SCHEMA }
}

function older(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(older)
  if (typeof value !== 'object' || value === null) return value
  const { id, value: setting } = value as { readonly id?: unknown; readonly value?: unknown }
  if (id === 'custom.cellOptions') {
    return { id: 'custom.displayMode', value: (setting as { readonly type: string }).type }
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isSource = name === 'datasource' && typeof member === 'object' && member !== null
      return [name, isSource ? (member as { readonly uid: string }).uid : older(member)]
    }),
  )
}
