import assert from 'node:assert'
import type { Claim, PredictionFile, ValueKind } from '../../stream/ports.ts'
import { ROW } from '../../stream/ports.ts'
import { setBit } from './bits.ts'

/** Texts as Arrow keeps them: text i is bytes[offsets[i] .. offsets[i + 1]) in UTF-8. */
export interface Texts {
  readonly bytes: Uint8Array
  /** One more than there are texts; the first is 0. */
  readonly offsets: Int32Array
  /** A bit per text, least significant first, 0 for null; absent when no text is null. */
  readonly validity: Uint8Array | null
  readonly nullCount: number
}

/** Maps from text: map i holds the entries [starts[i] .. starts[i + 1]) of keys and values. */
export interface Maps<Values> {
  readonly starts: Int32Array
  readonly keys: Texts
  readonly values: Values
}

/**
 * A `PredictionFile` as it travels to the worker: the same rows in a few buffers that are handed
 * over, or shared (the numbers), instead of copied. `identities`, `labelSets` and `firstRequests`
 * are still looked up by the indexes in `numbers`; metrics and entities have a map per row, an
 * empty one where a row has none, and are null when no row has any.
 */
export interface PackedFile {
  readonly claim: Claim
  readonly rowCount: number
  readonly featureNames: readonly string[]
  readonly featureKinds: readonly ValueKind[]
  readonly numbers: Float64Array
  readonly functionUris: Texts
  readonly models: Texts
  readonly modelClasses: Texts
  readonly firstRequests: Texts
  readonly requestIds: Texts
  readonly lastRequests: Texts
  readonly labelSets: Maps<Texts>
  /** Numbers or texts, by the file's predictionKind. */
  readonly predictions: Float64Array | Texts
  /** One for each feature, null where it is a number. */
  readonly featureTexts: readonly (Texts | null)[]
  readonly metrics: Maps<Float64Array> | null
  readonly entities: Maps<Texts> | null
}

const encoder = new TextEncoder()
/** What is kept between files: 10,000 rows of 100 features take 8.6 MB. */
const ROOM_BYTES_MAX = 16 * 2 ** 20

/**
 * Room for the numbers of one file at a time, shared with the worker: copying into memory that was
 * used before is much faster than into new memory, whose pages the system has yet to find.
 */
export class NumberRoom {
  #numbers = new Float64Array(new SharedArrayBuffer(0))

  /** A copy of some numbers, good until the next one is taken. */
  copyOf(numbers: Float64Array): Float64Array {
    if (numbers.byteLength > ROOM_BYTES_MAX) return numbers.slice()
    if (this.#numbers.length < numbers.length) {
      this.#numbers = new Float64Array(new SharedArrayBuffer(numbers.byteLength))
    }
    const copy = this.#numbers.subarray(0, numbers.length)
    copy.set(numbers)
    return copy
  }
}

/**
 * Copies a file into buffers of its own, so that it stays whole for another try. Runs on the thread
 * of the events: about 0.1 us a row.
 *
 * @throws AssertionError when the parts of the file do not fit together: a bug of its maker.
 */
export function packFile(file: PredictionFile, room = new NumberRoom()): PackedFile {
  const { rowCount, featureNames, featureKinds, identities } = file
  const numberCount = rowCount * (ROW.features + featureNames.length)
  assert(rowCount > 0 && file.numbers.length >= numberCount, 'a number for each row and column')
  assert(file.requestIds.length === rowCount, 'a request id for each row')
  assert(file.lastRequests.length === rowCount, 'a last request for each row')
  assert(featureKinds.length === featureNames.length, 'a kind for each feature')
  return {
    claim: file.claim,
    rowCount,
    featureNames,
    featureKinds,
    numbers: room.copyOf(file.numbers.subarray(0, numberCount)),
    functionUris: packTexts(identities.map((identity) => identity.functionUri)),
    models: packTexts(identities.map((identity) => identity.model)),
    modelClasses: packTexts(identities.map((identity) => identity.modelClass)),
    firstRequests: packTexts(file.firstRequests),
    requestIds: packTexts(file.requestIds),
    lastRequests: packTexts(file.lastRequests),
    labelSets: packTextMaps(file.labelSets),
    predictions: packPredictions(file),
    featureTexts: featureKinds.map((kind, feature) => {
      if (kind === 'double') return null
      const texts = file.featureTexts.get(feature)
      assert(texts?.length === rowCount, 'a text or null for each row of a text feature')
      return packTexts(texts)
    }),
    ...packExtras(file),
  }
}

/** Every buffer of a packed file that is not shared, each once: for `postMessage` to hand over. */
export function buffersOf(packed: PackedFile): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  const collect = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer) buffers.add(part.buffer)
    } else if (Array.isArray(part)) {
      if (typeof part[0] !== 'string') part.forEach(collect)
    } else if (typeof part === 'object' && part !== null) {
      Object.values(part).forEach(collect)
    }
  }
  collect(packed)
  return [...buffers]
}

/** Joins and encodes texts in one go; half a surrogate pair becomes U+FFFD. */
export function packTexts(texts: readonly (string | null)[]): Texts {
  const joined = texts.join('') // null joins as ''
  const bytes = encoder.encode(joined)
  const offsets = new Int32Array(texts.length + 1)
  let nullCount = 0
  let end = 0
  // As many bytes as UTF-16 units: all ASCII.
  const isAscii = bytes.length === joined.length
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] ?? null
    if (text === null) nullCount++
    else end += isAscii ? text.length : Buffer.byteLength(text)
    offsets[index + 1] = end
  }
  const validity = nullCount > 0 ? validityOf(texts) : null
  if (end === bytes.length) return { bytes, offsets, validity, nullCount }
  // Two lone halves met at a seam and became one character: keep them apart.
  const apart = Buffer.concat(texts.map((text) => encoder.encode(text ?? '')))
  return { bytes: new Uint8Array(apart), offsets, validity, nullCount }
}

function validityOf(texts: readonly (string | null)[]): Uint8Array {
  const validity = new Uint8Array((texts.length + 7) >> 3)
  texts.forEach((text, index) => {
    if (text !== null) setBit(validity, index)
  })
  return validity
}

function packPredictions({ predictions, predictionKind }: PredictionFile): Float64Array | Texts {
  if (predictions instanceof Float64Array) {
    assert(predictionKind === 'double', 'numbers are the predictions of kind double')
    return predictions.slice()
  }
  assert(predictionKind === 'text', 'texts are the predictions of kind text')
  return packTexts(predictions)
}

function packExtras({
  rowCount,
  extras,
}: PredictionFile): Pick<PackedFile, 'metrics' | 'entities'> {
  if (extras.size === 0) return { metrics: null, entities: null }
  const rows = Array.from({ length: rowCount }, (_, row) => extras.get(row))
  const metrics = rows.map((row) => row?.metrics ?? new Map<string, number>())
  const entities = rows.map((row) => row?.entities ?? new Map<string, string>())
  return {
    metrics: metrics.some((map) => map.size > 0) ? packNumberMaps(metrics) : null,
    entities: entities.some((map) => map.size > 0) ? packTextMaps(entities) : null,
  }
}

function packTextMaps(maps: readonly ReadonlyMap<string, string>[]): Maps<Texts> {
  const values = packTexts(maps.flatMap((map) => [...map.values()]))
  return { starts: startsOf(maps), keys: packKeys(maps), values }
}

function packNumberMaps(maps: readonly ReadonlyMap<string, number>[]): Maps<Float64Array> {
  const values = Float64Array.from(maps.flatMap((map) => [...map.values()]))
  return { starts: startsOf(maps), keys: packKeys(maps), values }
}

function packKeys(maps: readonly ReadonlyMap<string, unknown>[]): Texts {
  return packTexts(maps.flatMap((map) => [...map.keys()]))
}

function startsOf(maps: readonly ReadonlyMap<string, unknown>[]): Int32Array {
  const starts = new Int32Array(maps.length + 1)
  let end = 0
  maps.forEach((map, index) => {
    end += map.size
    starts[index + 1] = end
  })
  return starts
}
