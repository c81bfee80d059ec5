import type { Mode } from './mode.ts'

/** A change of one source file, for the simulation alone. */
export interface SourcePatch {
  /** Path from the project's folder. */
  readonly file: string
  /** Must occur exactly once. */
  readonly from: string
  readonly to: string
}

/** A mistake that the simulation must find. */
export interface Bug {
  readonly name: string
  /** The rule that is broken. */
  readonly what: string
  /** In which it is looked for; by default with spools. */
  readonly mode?: Mode
  /** Where it is looked for first; 200 seeds from there on, and the sweep, are all that it may take. */
  readonly hint?: { readonly seed: number } | 'sweep'
  readonly patches: readonly SourcePatch[]
}

const SPOOL = 'lib/stream/accept/spool.ts'
const CATCH_UP = 'lib/stream/catch-up.ts'
const CHECKPOINTS = 'lib/stream/checkpoints.ts'
const FLUSHER = 'lib/stream/deliver/flusher.ts'

/** Makes small what only large logs would reach; in every run. */
export const TUNINGS: readonly SourcePatch[] = [
  { file: CHECKPOINTS, from: 'ENDPOINTS_PER_STEP = 50', to: 'ENDPOINTS_PER_STEP = 1' },
  { file: CHECKPOINTS, from: 'BUFFER_CHARS = 64 * 1024', to: 'BUFFER_CHARS = 700' },
  {
    file: 'lib/stream/compute/sliding-windows.ts',
    from: 'SLAB_ENDPOINTS = 256',
    to: 'SLAB_ENDPOINTS = 2',
  },
  { file: SPOOL, from: 'allocUnsafe(64 * 1024)', to: 'allocUnsafe(256)' },
  { file: CATCH_UP, from: 'STEP = 2_000', to: 'STEP = 2' },
  {
    file: CATCH_UP,
    from: 'isUrgent ? ownPauseMs : LONG_PAUSE_MS',
    to: 'isUrgent ? 150 : ownPauseMs + LONG_PAUSE_MS',
  },
  { file: CATCH_UP, from: 'NEW_BYTES_MAX = 256 * 1024 * 1024', to: 'NEW_BYTES_MAX = 1500' },
  { file: FLUSHER, from: 'RECORDS_PER_WRITE = 200', to: 'RECORDS_PER_WRITE = 2' },
  { file: FLUSHER, from: 'METRIC_ROWS_PER_WRITE = 500', to: 'METRIC_ROWS_PER_WRITE = 5' },
  {
    file: 'lib/stream/deliver/ledger-writer.ts',
    from: 'ENTRIES_PER_WRITE = 500',
    to: 'ENTRIES_PER_WRITE = 2',
  },
  {
    file: 'lib/stream/deliver/claimed-ranges.ts',
    from: 'CLAIM_KEYS_MAX = 100_000',
    to: 'CLAIM_KEYS_MAX = 1',
  },
]
