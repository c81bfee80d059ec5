import { isoTime } from '../accept/parse-when.ts'
import type { DriftReport } from '../drift/endpoint-drift.ts'
import { currentStats, driftMeasures, type FeatureOutcome } from '../drift/evaluate.ts'
import type { Attribute } from '../ports.ts'
import { pythonJson } from './python-json.ts'

/**
 * What an endpoint's record says of drift: `current_stats`, `drift_measures` and `drift_status` as MLRun's
 * job writes them, and two attributes of ours, JSON both.
 *
 * stream_drift   {state: unknown, reason}, or {state: measured, window_end, rows, measure, features:
 *                {name: {psi, jensen_shannon, ks, wasserstein, p}}, unknown: {name: reason}, alarms: [{
 *                feature, since, p, test, direction, shift_sigmas, cause}]}; times in ISO 8601, UTC
 * data_quality   {name: {missing, wrong_type, out_of_range, unseen}} of the window's values, features
 *                without any left out
 *
 * Source: MLRun 0.6.5 `model_monitoring_batch`.
 */
export function driftAttributes(report: DriftReport): ReadonlyMap<string, Attribute> {
  const { outcome, status } = report
  const attributes = new Map<string, Attribute>()
  const setJson = (name: string, value: unknown): void => {
    attributes.set(name, { type: 'string', value: pythonJson(value) })
  }
  setJson('stream_drift', driftOf(report))
  if (outcome.kind === 'unknown') return attributes
  setJson('current_stats', currentStats(outcome))
  setJson('drift_measures', driftMeasures(outcome))
  if (status !== null) attributes.set('drift_status', { type: 'string', value: status })
  const quality = outcome.features.flatMap(({ name, quality: q }) => {
    const { missing, wrongType, outOfRange, unseen } = q
    const isGood = missing + wrongType + outOfRange + unseen === 0
    if (isGood) return []
    return [[name, { missing, wrong_type: wrongType, out_of_range: outOfRange, unseen }] as const]
  })
  setJson('data_quality', new Map(quality))
  return attributes
}

function driftOf({ outcome, endMs, alarms }: DriftReport): object {
  if (outcome.kind === 'unknown') return { state: 'unknown', reason: outcome.reason }
  return {
    state: 'measured',
    window_end: isoTime(endMs * 1000),
    rows: outcome.rows,
    measure: outcome.measure,
    features: new Map(outcome.features.map((feature) => [feature.name, measuresOf(feature)])),
    unknown: new Map(outcome.unknown.map(({ name, reason }) => [name, reason])),
    alarms: alarms.map(({ name, sinceMs, p, tripped, direction, shiftSigmas, cause }) => ({
      feature: name,
      since: isoTime(sinceMs * 1000),
      p,
      test: tripped,
      direction,
      shift_sigmas: shiftSigmas,
      cause,
    })),
  }
}

function measuresOf({ more, alarm }: FeatureOutcome): object {
  return {
    psi: more?.psi ?? null,
    jensen_shannon: more?.jensenShannon ?? null,
    ks: more?.ks ?? null,
    wasserstein: more?.wasserstein ?? null,
    p: alarm?.p ?? null,
  }
}
