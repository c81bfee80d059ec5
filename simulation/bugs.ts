import { DELIVERED_BUGS } from './delivered/bugs.ts'
import { DRIFT_BUGS } from './drift-bugs.ts'
import { RECORD_BUGS } from './record-bugs.ts'
import type { Bug } from './tunings.ts'

const SPOOL = 'lib/stream/accept/spool.ts'
const PIPELINE = 'lib/stream/pipeline.ts'
const CATCH_UP = 'lib/stream/catch-up.ts'
const KEEPER = 'lib/stream/log-keeper.ts'
const CHECKPOINTS = 'lib/stream/checkpoints.ts'
const FLUSHER = 'lib/stream/deliver/flusher.ts'
const BATCHES = 'lib/stream/deliver/prediction-batches.ts'
const LEDGER = 'lib/stream/deliver/ledger-writer.ts'
const LETTERS = 'lib/stream/accept/dead-letters.ts'
const LOG_STATE = 'lib/stream/compute/log-state.ts'

const SPOOLED_BUGS: readonly Bug[] = [
  {
    name: 'append-buffered',
    what: 'an event is answered before it is in the spool',
    patches: [
      {
        file: SPOOL,
        from: 'segment.write(this.#scratch, size, this.#segmentSize)',
        to: 'const bytes = Buffer.from(this.#scratch.subarray(0, size)); const at = this.#segmentSize; void Promise.resolve().then(() => segment.write(bytes, size, at)).catch(() => undefined)',
      },
    ],
  },
  {
    name: 'applied-before-append',
    what: 'an event changes the state before it is in the spool',
    patches: [
      {
        file: PIPELINE,
        from: "const offset = this.#parts.spool.append({ kind: 'event', arrivedAtUs, position, body })",
        to: 'const offset = this.#parts.spool.nextOffset',
      },
      {
        file: PIPELINE,
        from: 'const applied = isPoison ? this.#refuse(record) : this.#apply(record)',
        to: "const applied = isPoison ? this.#refuse(record) : this.#apply(record); this.#parts.spool.append({ kind: 'event', arrivedAtUs, position, body })",
      },
    ],
  },
  {
    name: 'not-synced',
    what: 'SPOOL_SYNC=every does not sync',
    patches: [{ file: SPOOL, from: 'if (this.#options.syncEvery) segment.sync()', to: '' }],
  },
  {
    name: 'sum-not-checked',
    what: 'a damaged frame counts as a whole one',
    patches: [
      {
        file: 'lib/stream/accept/spool-format.ts',
        from: 'if (view.getUint32(start + 4, true) !== crc32(text, crc32OfPart(bytes, sums))) return null',
        to: '',
      },
    ],
  },
  {
    name: 'torn-append-stays',
    what: 'what a failed append has left stays, and the next frame goes behind it',
    hint: { seed: 266 },
    patches: [
      {
        file: SPOOL,
        from: 'this.#cut(segment)\n    } catch {\n      // Torn',
        to: 'this.#segmentSize += size\n    } catch {\n      // Torn',
      },
    ],
  },
  {
    name: 'zeros-over-frame',
    what: 'the zeros that are written ahead begin on the last byte of the frame',
    patches: [
      {
        file: SPOOL,
        from: 'segment.write(ZEROS, aheadEnd - end, end)',
        to: 'segment.write(ZEROS, aheadEnd - end + 1, end - 1)',
      },
    ],
  },
  {
    name: 'given-up-frame-counts',
    what: 'a frame that was given up comes back beside the record that took its offset',
    patches: [
      {
        file: SPOOL,
        from: 'const firstOffset = Math.min(this.#nextOffset, this.#givenUpOffset)',
        to: 'const firstOffset = 0',
      },
    ],
  },
  {
    name: 'promoted-before-delivery',
    what: 'a checkpoint becomes the beginning while something up to it waits to be delivered',
    patches: [
      {
        file: FLUSHER,
        from: '      changed.oldestOffset,\n      metrics.oldestOffset,\n      predictions.oldestOffset,\n',
        to: '',
      },
    ],
  },
  {
    name: 'promoted-before-letters',
    what: 'a checkpoint does not wait for dead letters',
    hint: { seed: 566 },
    patches: [{ file: FLUSHER, from: 'if (deadLetters.waitingCount > 0) return -1', to: '' }],
  },
  {
    name: 'promoted-before-answer',
    what: 'a checkpoint does not wait for what sinks have in hand',
    patches: [
      {
        file: FLUSHER,
        from: '      this.#recordsOffset,\n      this.#metricRowsOffset,\n',
        to: '',
      },
      { file: BATCHES, from: 'this.#cut, this.#taken]', to: 'this.#cut]' },
    ],
  },
  {
    name: 'removed-before-promotion',
    what: 'segments are removed when a checkpoint is begun, not when it is the beginning',
    patches: [
      {
        file: KEEPER,
        from: 'checkpoints.begin(() => this.#parts.header(offset))',
        to: 'checkpoints.begin(() => this.#parts.header(offset)); spool.removeBefore(offset + 1)',
      },
    ],
  },
  {
    name: 'pending-read',
    what: 'a start begins with a checkpoint that was not the beginning yet',
    patches: [
      {
        file: CHECKPOINTS,
        from: 'for (const { name, isPending } of files) if (isPending) disk.remove(name)',
        to: '',
      },
      {
        file: CHECKPOINTS,
        from: 'files.filter(({ isPending }) => !isPending).sort(',
        to: '[...files].sort(',
      },
    ],
  },
  {
    name: 'endpoint-not-touched',
    what: 'an endpoint changes while a checkpoint is taken, and is written as it is afterwards',
    patches: [
      { file: PIPELINE, from: '=> this.#checkpoints.touch(endpoint)', to: '=> void endpoint' },
    ],
  },
  {
    name: 'counters-not-in-checkpoint',
    what: 'counters begin anew after a checkpoint',
    patches: [{ file: LOG_STATE, from: 'restoreCounters(this.counters, counters)', to: '' }],
  },
  {
    name: 'offsets-not-in-checkpoint',
    what: 'redelivered events are not known after a checkpoint',
    patches: [{ file: LOG_STATE, from: 'this.shardOffsets.restore(shards)', to: '' }],
  },
  {
    name: 'claim-after-file',
    what: 'a file is written before there is a claim on it',
    patches: [
      {
        file: FLUSHER,
        from: 'const claim = await this.#claim(open)\n',
        to: `const { endpointId } = open.endpoint
          const { first: firstOffset, last: lastOffset } = open.offsets
          const { log, claimed } = this.#parts
          const number = claimed.nextNumber({ endpointId, hour: open.hour })
          const early = { log, endpointId, hour: open.hour, number, firstOffset, lastOffset }
          await this.#parts.parquet.write(open.toFile(early))
          const claim = await this.#claim(open)
`,
      },
    ],
  },
  {
    name: 'claims-not-listed',
    what: 'a replay does not look at the claims',
    patches: [
      {
        file: 'lib/stream/inheritance.ts',
        from: 'of await store.claims.list(log))',
        to: 'of (await store.claims.list(log)).slice(0, 0))',
      },
    ],
  },
  {
    name: 'claim-number-reused',
    what: 'a number that is taken is taken once more',
    patches: [
      {
        file: FLUSHER,
        from: 'if (await claims.create(claim)) return keep(claim)',
        to: 'await claims.create(claim); if (number > 0) return keep(claim)',
      },
      {
        file: 'lib/stream/deliver/claimed-ranges.ts',
        from: 'return Math.max(0, ...known.map(({ claim }) => claim.number)) + 1',
        to: 'return Math.max(1, ...known.map(({ claim }) => claim.number))',
      },
    ],
  },
  {
    name: 'cut-inside-event',
    what: 'a batch is cut between two rows of one event',
    patches: [
      { file: BATCHES, from: 'this.#full.push(open)', to: 'this.#full.push(open); this.cutFull()' },
    ],
  },
  {
    name: 'promised-file-missing',
    what: 'a promised file is taken for a written one',
    patches: [
      {
        file: BATCHES,
        from: "if (range.state !== 'promised') {",
        to: "if (range.state !== 'refused') {",
      },
    ],
  },
  {
    name: 'letters-by-offset',
    what: 'a dead letter is known by its offset alone, without call and row',
    patches: [
      {
        file: LETTERS,
        from: '(keyOf(letter.offset, call, rejection.row))',
        to: '(keyOf(letter.offset, null, null))',
      },
      {
        file: LETTERS,
        from: 'return keyOf(offset, call, row)',
        to: 'return keyOf(offset, null, null)',
      },
    ],
  },
  {
    name: 'letters-twice',
    what: 'a replay does not know which dead letters there are',
    patches: [
      {
        file: LETTERS,
        from: 'if (this.#written?.has(keyOf(letter.offset, call, rejection.row))) return',
        to: '',
      },
    ],
  },
  {
    name: 'half-counts-as-all',
    what: 'rows that a sink has not taken are forgotten',
    patches: [
      {
        file: FLUSHER,
        from: 'const unwritten = rest.unwritten.flatMap((index) => rows[index] ?? [])',
        to: 'const unwritten: MetricRow[] = []',
      },
    ],
  },
  {
    name: 'letters-not-synced',
    what: 'a power cut takes dead letters of records that the log has not any more',
    patches: [
      { file: KEEPER, from: 'const unsafe = deadLetters.sync()', to: 'const unsafe = null' },
    ],
  },
  {
    name: 'damaged-header-blocks',
    what: 'a segment whose header was torn keeps all before it from being removed',
    patches: [
      {
        file: SPOOL,
        from: 'others.find(({ header }) => header !== null)?.header',
        to: 'others[0]?.header',
      },
    ],
  },
  {
    name: 'checkpoint-twice',
    what: 'a checkpoint of the offset that the log begins with is taken once more, and removed with it',
    hint: { seed: 243 },
    patches: [
      {
        file: KEEPER,
        from: 'if (offset <= checkpoints.newest) return',
        to: 'if (offset < 0) return',
      },
    ],
  },
  {
    name: 'tail-not-synced',
    what: 'a start builds upon what a killed process had not synced',
    hint: { seed: 107 },
    patches: [
      {
        file: SPOOL,
        from: 'for (const segment of this.#segments.slice(Math.max(index, 0))) this.#syncSegment(segment)',
        to: '',
      },
      // What cuts off the zeros that a killed process leaves would sync as well.
      { file: SPOOL, from: 'file.truncate(size)\n      file.sync()', to: 'file.truncate(size)' },
    ],
  },
  {
    name: 'full-of-delivered',
    what: 'answers are held because of a segment in which all is delivered, and which nothing removes',
    hint: { seed: 233 },
    patches: [{ file: KEEPER, from: ' && checkpoints.beginning < spool.nextOffset - 1', to: '' }],
  },
  {
    name: 'claim-around-claim',
    what: 'a batch has a claimed range in its middle',
    hint: { seed: 907 },
    patches: [
      {
        file: BATCHES,
        from: 'if (this.#claims.liesBetween(key, open.offsets.first, offset)) this.#cutOne(open)',
        to: '',
      },
    ],
  },
  {
    name: 'claim-made-twice',
    what: 'a claim whose answer was lost is made once more under another number',
    hint: { seed: 476 },
    patches: [
      {
        file: FLUSHER,
        from: 'const ours = there.find((other) => isSameRange(other, claim))',
        to: 'const ours = there.find((other) => isSameRange(other, claim) && other.number === number)',
      },
    ],
  },
  {
    name: 'ledger-ahead',
    what: 'the ledger says that all is delivered while rows wait',
    patches: [{ file: LEDGER, from: 'Math.min(oldestOffset(), offset + 1)', to: 'offset + 1' }],
  },
  {
    name: 'ledger-without-rest',
    what: 'of lines of which the store takes a part the others are forgotten',
    patches: [
      {
        file: LEDGER,
        from: 'entries = unwritten.flatMap((index) => entries[index] ?? [])',
        to: 'entries = unwritten.flatMap(() => [])',
      },
    ],
  },
  {
    name: 'live-too-early',
    what: 'events are applied as they come while the last record of the log is not applied yet',
    patches: [
      {
        file: CATCH_UP,
        from: 'if (record !== null) return record',
        to: 'if (record !== null && this.recordsLeft > 0) return record',
      },
    ],
  },
  {
    name: 'applied-and-read-back',
    what: 'an event that comes while the log is read again is applied at once, and again in its turn',
    patches: [{ file: PIPELINE, from: 'if (!this.#catchUp.isDone) return SPOOLED', to: '' }],
  },
  {
    name: 'not-read-back',
    what: 'an event that comes while the log is read again is applied by the next process only',
    patches: [
      {
        file: SPOOL,
        from: 'new SpoolReader({ disk, segments: this.#segments,',
        to: 'new SpoolReader({ disk, segments: [...this.#segments],',
      },
    ],
  },
  {
    name: 'checkpoint-while-behind',
    what: 'a checkpoint is taken of a state that is not that after the last record',
    patches: [{ file: PIPELINE, from: 'if (!this.isLive) return\n', to: '\n' }],
  },
  ...RECORD_BUGS,
  ...DRIFT_BUGS,
]

/** Each is found by some seed or by the sweep. */
export const BUGS: readonly Bug[] = [...SPOOLED_BUGS, ...DELIVERED_BUGS]
