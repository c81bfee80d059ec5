import type { SeriesPoint, SeriesQuery } from '../stream/ports.ts'
import { type Found, found, refuse } from './found.ts'
import type { TimeRange } from './request-body.ts'
import type { ReadSources } from './sources.ts'

/** Points of one answer at most, over all of its series. */
export const ANSWER_POINTS_MAX = 200_000
/** So many times means over longer spans are tried before a request is refused. */
const TRIES_MAX = 4
/** Series may be more at the beginning of a range than at its end. */
const MARGIN = 1.2

/** Which points of one thing are wanted. */
export interface SeriesRequest extends TimeRange {
  readonly endpointId?: string
  /** See SeriesQuery. */
  readonly endpointIds?: readonly string[]
  readonly recordType?: string
  readonly metric?: string
  /** Of each series at most, 2 or more. */
  readonly pointsMax: number
}

/**
 * Points ordered by time. Where a range has more than are wanted, they are means over spans of time; where all
 * series together have more than an answer may hold, over longer spans. Without a beginning of the range the
 * newest single points are read.
 *
 * @throws StreamError `store-unavailable`
 */
export async function readSeries(
  { reader, nowMs }: ReadSources,
  { fromMs, toMs, pointsMax, ...which }: SeriesRequest,
): Promise<Found<readonly SeriesPoint[]>> {
  const query: Omit<SeriesQuery, 'limit'> = {
    ...which,
    ...(fromMs === null ? {} : { fromMs }),
    ...(toMs === null ? {} : { toMs }),
  }
  if (fromMs === null) return found(await reader.series({ ...query, limit: ANSWER_POINTS_MAX }))
  const endMs = toMs ?? Math.max(nowMs, fromMs)
  let bucketMs = bucketOf(endMs - fromMs, pointsMax)
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const points = await reader.series({ ...query, bucketMs, limit: ANSWER_POINTS_MAX + 1 })
    const [first] = points
    if (points.length <= ANSWER_POINTS_MAX || first === undefined) return found(points)
    // As many as fit come from the end of the range: so much shorter is the part that they cover.
    const share = Math.max((endMs - first.atMs) / Math.max(endMs - fromMs, 1), 1e-3)
    bucketMs = Math.ceil((bucketMs / share) * MARGIN) + 1
  }
  return refuse(
    `That is more than ${ANSWER_POINTS_MAX} points: name an endpoint or a metric, or a shorter range.`,
  )
}

/** Spans begin at whole multiples of their length, so a range touches one more than fit into it. */
function bucketOf(lengthMs: number, pointsMax: number): number {
  return Math.max(1, Math.ceil(lengthMs / Math.max(pointsMax - 1, 1)))
}
