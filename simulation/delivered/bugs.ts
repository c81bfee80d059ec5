import type { Bug } from '../tunings.ts'

const SHARDS = 'lib/stream/shards.ts'
const SHARD_LOG = 'lib/stream/shard-log.ts'
const STORED = 'lib/stream/stored-checkpoints.ts'
const PIPELINE = 'lib/stream/pipeline.ts'
const FLUSHER = 'lib/stream/deliver/flusher.ts'

/** Those of ACK=delivered; each is found by a run in that mode. */
export const DELIVERED_BUGS: readonly Bug[] = [
  {
    name: 'epoch-not-checked',
    what: 'a worker whose shard is elsewhere stores its checkpoint all the same',
    mode: 'delivered',
    hint: { seed: 111 },
    patches: [
      {
        file: STORED,
        from: 'const isOurs = await store.writeCheckpoint(log, { epoch: taken.epoch, offset, bytes })',
        to: 'const { epoch } = await store.look(log); const isOurs = await store.writeCheckpoint(log, { epoch, offset, bytes })',
      },
    ],
  },
  {
    name: 'ack-one-too-far',
    what: 'an event is acknowledged by which the stream forgets one that is not stored',
    mode: 'delivered',
    patches: [
      {
        file: SHARD_LOG,
        from: 'return offset - this.#window <= this.#storedOffset',
        to: 'return offset - this.#window - 1 <= this.#storedOffset',
      },
    ],
  },
  {
    name: 'ack-before-stored',
    what: 'a checkpoint counts for answers before the store has it',
    mode: 'delivered',
    hint: { seed: 87 },
    patches: [
      {
        file: STORED,
        from: 'void this.#lane.run()',
        to: 'this.#parts.onStored(parsed.offset); void this.#lane.run()',
      },
    ],
  },
  {
    name: 'without-checkpoint',
    what: 'a shard is taken over without its checkpoint',
    mode: 'delivered',
    patches: [
      { file: STORED, from: 'if (checkpoint !== null) {', to: 'if (checkpoint === undefined) {' },
    ],
  },
  {
    name: 'promises-cut-short',
    what: 'a file that another owner has promised is written before all its rows have come again',
    mode: 'delivered',
    patches: [
      {
        file: PIPELINE,
        from: 'this.#promisedTo = this.#claimed.lastOffset',
        to: 'this.#promisedTo = -1',
      },
    ],
  },
  {
    name: 'claims-forgotten',
    what: 'claims are forgotten while rows of theirs are still to come again',
    mode: 'delivered',
    hint: { seed: 162 },
    patches: [
      {
        file: PIPELINE,
        from: 'if (!this.#arePromisesOpen) this.#claimed.forgetBeyond',
        to: 'this.#claimed.forgetBeyond',
      },
    ],
  },
  {
    name: 'claims-not-read-again',
    what: 'rows that another owner has claimed meanwhile are claimed once more under the next number',
    mode: 'delivered',
    patches: [
      {
        file: FLUSHER,
        from: 'if (there.some((other) => overlap(other, claim) || (hasRivals && isAfter(other, claim)))) {',
        to: 'if (there.length < 0 && hasRivals && overlap(claim, claim) && isAfter(claim, claim)) {',
      },
    ],
  },
  {
    name: 'file-without-claim',
    what: 'a worker whose shard is elsewhere writes a file although its claim was refused',
    mode: 'delivered',
    patches: [
      { file: FLUSHER, from: "return 'The log has another owner.'", to: 'return keep(claim)' },
    ],
  },
  {
    name: 'taken-by-late-event',
    what: 'an event that was on its way when the shard went elsewhere takes it back',
    mode: 'delivered',
    patches: [
      { file: SHARDS, from: 'if (!isOurs) await this.#waitForTurn(shard, offset)', to: '' },
    ],
  },
  {
    name: 'half-window-not-cut',
    what: 'batches wait for their age while the stream waits for them',
    mode: 'delivered',
    patches: [
      {
        file: 'lib/stream/log-keeper.ts',
        from: 'this.#parts.predictions.cutUpTo(oldestPending)',
        to: '',
      },
    ],
  },
  {
    name: 'ledger-at-old-offset',
    what: 'the ledger says of the offset of an event that came again what was counted up to a later one',
    mode: 'delivered',
    patches: [
      {
        file: 'lib/stream/deliver/log-place.ts',
        from: 'if (offset > this.offset) this.offset = offset',
        to: 'this.offset = offset',
      },
    ],
  },
  {
    name: 'ledger-while-waiting',
    what: 'the ledger is told of an offset whose event waits for its endpoint and is not counted',
    mode: 'delivered',
    patches: [
      {
        file: 'lib/stream/deliver/ledger-writer.ts',
        from: 'return this.#parts.counters.waiting > 0',
        to: 'return false',
      },
    ],
  },
]
