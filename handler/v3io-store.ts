// Entry of dist/v3io-store.js.
import type { Config } from '../lib/config/fields.ts'
import { kvPath, tsdbPath } from '../lib/config/paths.ts'
import { v3ioComplaint } from '../lib/config/v3io.ts'
import { openV3io } from '../lib/store/v3io/open-v3io.ts'
import type { Warn } from '../lib/store/v3io/record-schema.ts'
import { StreamError } from '../lib/stream/errors.ts'
import type { Store } from '../lib/stream/ports.ts'

export { openObjectFolder } from '../lib/store/v3io/object-folder.ts'

/**
 * The V3IO store of the settings.
 *
 * @throws StreamError `bad-config`
 */
export function openV3ioOf(config: Config, warn: Warn): Store {
  const complaint = v3ioComplaint(config)
  if (complaint !== null) throw new StreamError('bad-config', complaint)
  return openV3io({
    api: config.v3ioApi,
    framesd: config.v3ioFramesd,
    accessKey: config.v3ioAccessKey,
    container: config.container,
    kvTable: kvPath(config),
    tsdb: tsdbPath(config),
    warn,
  })
}
