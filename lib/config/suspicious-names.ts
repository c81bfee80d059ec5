import { settings } from './fields.ts'
import type { Environment } from './parse.ts'

/** A name of the environment that is ignored, and the setting that was perhaps meant. */
export interface SuspiciousName {
  readonly given: string
  /** Name of the setting, or words for several of them. */
  readonly meant: string
}

/** How MLRun's function of August 2021 got its parameters: as one JSON object, not read here. */
const PARAMETERS_NAME = 'MODEL_MONITORING_PARAMETERS'

/** One letter off means nothing in names as short as ACK or CLOCK. */
const ONE_OFF_CHARS_MIN = 7

/**
 * Names of the environment that are ignored but look like a setting in the wrong case or spelling
 * (`project`, `storeUrl`) or with one letter added, missing, changed or swapped with its neighbour.
 */
export function suspiciousNames(env: Environment): readonly SuspiciousName[] {
  const known = new Set(settings.map(({ envName }) => envName))
  const found: SuspiciousName[] = []
  for (const given of Object.keys(env).sort()) {
    if (known.has(given)) continue
    if (given === PARAMETERS_NAME) {
      found.push({ given, meant: 'one variable for each setting, such as PROJECT' })
      continue
    }
    const setting = settings.find(({ envName }) => isNear(given, envName))
    if (setting !== undefined) found.push({ given, meant: setting.envName })
  }
  return found
}

function isNear(given: string, envName: string): boolean {
  if (bare(given) === bare(envName)) return true
  return envName.length >= ONE_OFF_CHARS_MIN && isOneOff(given.toUpperCase(), envName)
}

/** Letters and digits in one case: storeUrl, store-url and STORE_URL are the same. */
function bare(name: string): string {
  return name.replace(/[_\-.]/g, '').toUpperCase()
}

function isOneOff(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  if (a.slice(start + 1) === b.slice(start + 1)) return true
  if (a.slice(start + 1) === b.slice(start) || a.slice(start) === b.slice(start + 1)) return true
  const isSwapped = a[start] === b[start + 1] && a[start + 1] === b[start]
  return isSwapped && a.slice(start + 2) === b.slice(start + 2)
}
