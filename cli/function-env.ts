import type { Config } from '../lib/config/fields.ts'
import { type Environment, parseConfig } from '../lib/config/parse.ts'
import { choosesV3io } from '../lib/config/v3io.ts'
import type { DataPaths } from './data-folder.ts'

/** Tells the function under which port others reach it. */
const PORT_NAME = 'MODEL_MONITORING_PORT'

/** The function's environment, and what its settings are with it. */
export interface FunctionEnv {
  readonly env: Environment
  readonly config: Config
}

/**
 * The user's environment with what a local run adds: everything lies in the data folder, unless
 * the user says otherwise.
 *
 * @param isRecorded  whether a file is played, whose events have their own time
 * @param isDemo      whether it is the demo, which keeps to the data folder
 * @param port        of the HTTP trigger; null for none
 * @throws StreamError `bad-config` with every complaint
 */
export function functionEnv(
  own: Environment,
  paths: DataPaths,
  { isRecorded, isDemo, port }: { isRecorded: boolean; isDemo: boolean; port: number | null },
): FunctionEnv {
  const { [PORT_NAME]: _port, ...others } = own
  const env: Record<string, string | undefined> = {
    SPOOL_PATH: paths.spool,
    DEAD_LETTER_PATH: paths.deadLetters,
    PARQUET_PATH_TEMPLATE: paths.parquet,
    ...(isRecorded ? { CLOCK: 'trigger' } : {}),
    ...others,
    ...(port === null ? {} : { [PORT_NAME]: String(port) }),
  }
  const config = parseConfig(env)
  // A demo goes to a platform only when it is told to.
  const isChosen = config.storeUrl !== 'auto' || (!isDemo && choosesV3io(config))
  if (isChosen) return { env, config }
  env['STORE_URL'] = `embedded:${paths.store}`
  return { env, config: parseConfig(env) }
}
