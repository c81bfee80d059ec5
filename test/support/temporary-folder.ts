import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own in the system's temporary folder; `remove` takes it away with its files. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'model-monitoring-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
