import { buildDashboard } from './build.ts'
import { infinity } from './families/infinity.ts'
import { mlrunApi } from './families/mlrun-api.ts'
import { postgres } from './families/postgres.ts'
import { prometheus } from './families/prometheus.ts'
import type { Family } from './family.ts'
import { forOldGrafana } from './old-grafana.ts'
import { DASHBOARDS } from './panels.ts'

export const FAMILIES: readonly Family[] = [mlrunApi, infinity, prometheus, postgres]

/** A generated file. */
export interface DashboardFile {
  readonly path: string
  readonly text: string
}

/** Every dashboard of every family, as it is in `resource/`. */
export function dashboardFiles(): readonly DashboardFile[] {
  return FAMILIES.flatMap((family) => {
    const siblings = DASHBOARDS.filter(({ panels }) =>
      panels.some(({ show }) => family.queriesOf(show) !== null),
    )
    return siblings.map((description) => {
      const dashboard = buildDashboard(description, family, siblings)
      const shown = family.sourceType === null ? forOldGrafana(dashboard) : dashboard
      const path = `${family.folder}/${description.name}.json`
      return { path, text: `${JSON.stringify(shown, null, 2)}\n` }
    })
  })
}
