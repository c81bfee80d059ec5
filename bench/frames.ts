/**
 * Workload: one frame of 10,000 cells as the V3IO store sends it, 500 sampled rows of 20 features of
 * full precision, of 50 endpoints, with time, endpoint id and record type of each row.
 */
import assert from 'node:assert'
import protobuf from 'protobufjs'
import { metricFrames } from '../lib/store/v3io/metric-frames.ts'
import type { MetricRow } from '../lib/stream/ports.ts'
import { encodeFrame } from '../lib/v3io-js-sdk/src/frames-encode.ts'
import type { Column, Frame } from '../lib/v3io-js-sdk/src/frames-types.ts'
import { messages } from '../lib/v3io-js-sdk/test/support/frames-proto.ts'
import {
  cpuUsOf,
  type Findings,
  interleave,
  medianRatioOf,
  type Rounds,
  seededRandom,
} from './support.ts'

const ENDPOINTS = 50
const ROWS_PER_ENDPOINT = 10
const FEATURES = 20
/** Each row lies so much after the one before of its endpoint. */
const STEP_MS = 7
/** One frame is some hundred microseconds; more of them make a round calmer. */
const FRAMES_PER_ROUND = 200
/** 2026-11-02 08:00:00 UTC. */
const START_MS = 1_793_606_400_000

/** A column as protobufjs takes it. */
interface Message {
  readonly name: string
  readonly dtype: number
  readonly floats?: readonly number[]
  readonly strings?: readonly string[]
  readonly times?: readonly protobuf.Long[]
}

/**
 * CPU time of encoding one frame over the same by protobufjs with a type that it has read from a .proto.
 * Sorting rows into columns is on neither side: ours gets its frame and protobufjs its message, with
 * lists of the kind that it is fastest with, ready made. Times favour protobufjs: its message has them
 * as nanoseconds of 64 bits, while ours are multiplied from milliseconds within the measured time.
 */
export async function measureFrames(rounds: Rounds): Promise<Findings> {
  const frame = benchFrame()
  const type = messages.Frame
  const message = messageOf(frame)
  const encodeByProtobufjs = (): Uint8Array => type.encode(message).finish()
  assert(type.verify(message) === null)
  assertEqualMessages(type, encodeFrame(frame), encodeByProtobufjs())
  const usPerFrame = (encode: () => Uint8Array) => async (): Promise<number> => {
    const us = await cpuUsOf(() => {
      for (let count = 0; count < FRAMES_PER_ROUND; count++) encode()
    })
    return us / FRAMES_PER_ROUND
  }
  const { ours, protobufjs } = await interleave(
    { ours: usPerFrame(() => encodeFrame(frame)), protobufjs: usPerFrame(encodeByProtobufjs) },
    rounds,
  )
  return { framesOverProtobufjs: medianRatioOf(ours, protobufjs) }
}

function benchFrame(): Frame {
  const random = seededRandom(ENDPOINTS)
  const names = Array.from({ length: FEATURES }, (_, index) => `feature_${index}`)
  const rowOf = (index: number): MetricRow => ({
    endpointId: (index % ENDPOINTS).toString(16).padStart(40, '0123456789abcdef'),
    recordType: 'endpoint_features',
    atMs: START_MS + index * STEP_MS,
    names,
    values: names.map(random),
  })
  const frames = metricFrames(
    Array.from({ length: ENDPOINTS * ROWS_PER_ENDPOINT }, (_, index) => rowOf(index)),
  )
  const [frame] = frames
  assert(frame !== undefined && frames.length === 1)
  return frame
}

function messageOf({ columns, indices }: Frame): {
  readonly columns: readonly Message[]
  readonly indices: readonly Message[]
} {
  return { columns: columns.map(columnMessageOf), indices: indices.map(columnMessageOf) }
}

function columnMessageOf({ name, data }: Column): Message {
  switch (data.type) {
    case 'double':
      return { name, dtype: 2, floats: [...data.values] }
    case 'string':
      return { name, dtype: 3, strings: data.values }
    case 'timeMs':
      return { name, dtype: 4, times: [...data.values].map(longOfMs) }
    default:
      throw new Error(`A metric frame has no column of ${data.type}.`)
  }
}

/** Nanoseconds need more than the 53 bits of a number. */
function longOfMs(ms: number): protobuf.Long {
  const ns = BigInt(ms) * 1_000_000n
  return new protobuf.util.LongBits(Number(ns & 0xffff_ffffn), Number(ns >> 32n)).toLong()
}

/** Both read alike: else one of them had less to do. */
function assertEqualMessages(type: protobuf.Type, one: Uint8Array, other: Uint8Array): void {
  const [first, second] = [one, other].map((bytes) =>
    type.toObject(type.decode(bytes), { longs: String }),
  )
  assert.deepEqual(first, second)
  assert.equal(first?.['columns'].length, FEATURES)
  assert.equal(one.length, other.length)
}
