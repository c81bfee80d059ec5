import { join } from 'node:path'
import { defineHandler, type NuclioFunction } from 'nuclio-sdk-ts'
import type { RunningService, startService } from './service.ts'

/** Nuclio's own default image has Node 10, which cannot even read the service's code. */
const NODE_VERSION_MIN = 20

const definition: NuclioFunction = defineHandler<RunningService>({
  init: () => loadService().startService(process.env, definition.logger),
  handle: (event, _context, service) => service.answer(event),
  flush: ({ aborted }, service) => service.flush(aborted),
})

/** The two exports that Nuclio looks for. */
export const { handler, initContext } = definition

function loadService(): { readonly startService: typeof startService } {
  const [version = ''] = process.versions.node.split('.')
  if (Number(version) < NODE_VERSION_MIN) {
    throw Object.assign(
      new Error(
        `This is Node ${process.versions.node}, and the function needs ${NODE_VERSION_MIN} or newer: ` +
          'set build.baseImage in function.yaml to node:22-alpine.',
      ),
      { code: 'NODE_TOO_OLD' },
    )
  }
  return require(join(__dirname, 'service.js'))
}
