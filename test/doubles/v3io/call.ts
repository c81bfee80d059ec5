import type { Target } from './request-target.ts'
import type { Store } from './store.ts'

/** A request that has shown the right key, as the operations see it. */
export interface Call {
  readonly store: Store
  readonly method: string
  readonly target: Target
  /** Empty when absent. */
  readonly contentType: string
  /** The Range header. */
  readonly range: string | undefined
  readonly body: Buffer
  /** Most entries that one page looks at. */
  readonly pageItemsMax: number
}
