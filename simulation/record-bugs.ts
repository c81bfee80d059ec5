import type { Bug } from './tunings.ts'

const UPDATE = 'lib/stream/deliver/endpoint-update.ts'

/** Mistakes about which write of a record is the newer one (lib/stream/record-version.ts). */
export const RECORD_BUGS: readonly Bug[] = [
  {
    name: 'record-unconditional',
    what: 'a write of a record that arrives late takes the place of a newer one',
    patches: [
      {
        file: 'lib/stream/record-version.ts',
        from: "if (stored?.log !== log) return 'older'",
        to: "if (stored?.log !== log || log !== '') return 'older'",
      },
    ],
  },
  {
    name: 'record-version-stuck',
    what: 'what a timer says of a record at the same offset counts as nothing new',
    patches: [
      {
        file: UPDATE,
        from: 'Math.max(endpoint.recordVersion + 1, place.offset)',
        to: 'Math.max(place.offset, 0)',
      },
    ],
  },
  {
    name: 'record-epoch-stuck',
    what: 'a record keeps a later owner of the log from writing what it has',
    patches: [{ file: UPDATE, from: 'epoch,\n    version:', to: 'epoch: 0,\n    version:' }],
  },
]
