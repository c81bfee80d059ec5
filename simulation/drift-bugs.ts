import type { Bug } from './tunings.ts'

const DRIFT = 'lib/stream/drift/endpoint-drift.ts'

/** Mistakes about training sets, and what is counted on them. */
export const DRIFT_BUGS: readonly Bug[] = [
  {
    name: 'panes-not-in-checkpoint',
    what: 'what was counted on a training set is forgotten at a restart',
    hint: { seed: 4 },
    patches: [{ file: DRIFT, from: 'panes: panes?.toCheckpoint() ?? null,', to: 'panes: null,' }],
  },
  {
    name: 'reference-not-in-checkpoint',
    what: 'a restart knows no training set until the record is read again',
    hint: { seed: 4 },
    patches: [
      {
        file: 'lib/stream/compute/endpoint.ts',
        from: '...(this.drift === null ? {} : { drift: this.drift.toCheckpoint() }),',
        to: '',
      },
    ],
  },
  {
    name: 'quality-twice-in-checkpoint',
    what: 'values of a minute that goes on count twice after a restart',
    hint: { seed: 14 },
    patches: [
      {
        file: DRIFT,
        from: 'quality: this.#quality.toState(0, NO_ODD),',
        to: 'quality: this.#quality.toState(this.#minuteRows, panes?.odd ?? NO_ODD),',
      },
    ],
  },
  {
    name: 'registered-in-replay',
    what: 'a training set that is registered while the log is read again is applied before its turn',
    hint: { seed: 49 },
    patches: [
      {
        file: 'lib/stream/pipeline.ts',
        from: 'if (this.isLive && !this.#arePromisesOpen) await',
        to: 'if (!this.#arePromisesOpen) await',
      },
    ],
  },
  {
    name: 'window-forgotten',
    what: 'a restart does not know of panes that nobody was told of yet',
    hint: { seed: 4 },
    patches: [
      {
        file: DRIFT,
        from: 'open: [this.#openPane, this.#openWindow, this.#askedPane],',
        to: 'open: [NONE, NONE, this.#askedPane],',
      },
    ],
  },
]
