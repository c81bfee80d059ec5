import assert from 'node:assert'
import { join } from 'node:path'
import type { Claim } from '../../stream/ports.ts'

const HOUR_MS = 3_600_000

/**
 * The final name of a claim's file:
 * `{root}/key={endpointId}/year=YYYY/month=MM/day=DD/hour=HH/{log}-{number}.parquet`, in UTC, the
 * number padded with zeros to six digits (longer when it is larger).
 *
 * Endpoint ids and log names are 1 to 128 of `A-Za-z0-9._-`, so the path never leaves the root. A
 * log name does not begin with a dot or an underscore: many readers skip such files as hidden.
 */
export function parquetPath(root: string, claim: Claim): string {
  assert(/^[A-Za-z0-9._-]{1,128}$/.test(claim.endpointId), 'an endpoint id is plain text')
  assert(/^[A-Za-z0-9-][A-Za-z0-9._-]{0,127}$/.test(claim.log), 'a log has a plain name')
  assert(Number.isSafeInteger(claim.number) && claim.number >= 1, 'files are numbered from 1')
  assert(Number.isSafeInteger(claim.hour), 'hours are whole')
  const at = new Date(claim.hour * HOUR_MS)
  const year = at.getUTCFullYear()
  assert(year >= 0 && year <= 9999, 'a year has four digits')
  return join(
    root,
    `key=${claim.endpointId}`,
    `year=${padded(year, 4)}`,
    `month=${padded(at.getUTCMonth() + 1, 2)}`,
    `day=${padded(at.getUTCDate(), 2)}`,
    `hour=${padded(at.getUTCHours(), 2)}`,
    `${claim.log}-${padded(claim.number, 6)}.parquet`,
  )
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
