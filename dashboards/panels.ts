import type { DashboardDescription } from './describe.ts'
import { DETAILS } from './panels/details.ts'
import { DRIFT } from './panels/drift.ts'
import { OVERVIEW } from './panels/overview.ts'
import { PERFORMANCE } from './panels/performance.ts'
import { PIPELINE } from './panels/pipeline.ts'

/** Every dashboard. A family leaves out panels that it has no data for, and dashboards of which none is left. */
export const DASHBOARDS: readonly DashboardDescription[] = [
  OVERVIEW,
  DETAILS,
  PERFORMANCE,
  DRIFT,
  PIPELINE,
]
