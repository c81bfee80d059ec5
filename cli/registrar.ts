import { setTimeout as wait } from 'node:timers/promises'
import { openV3ioOf } from '../handler/v3io-store.ts'
import type { Config } from '../lib/config/fields.ts'
import type { Environment } from '../lib/config/parse.ts'
import { kvPath } from '../lib/config/paths.ts'
import {
  type EndpointName,
  type FoundEndpoint,
  findEndpoint,
  type Registration,
  register,
} from '../lib/register/registration.ts'
import { openEmbedded } from '../lib/store/postgres/open-embedded.ts'
import { openPostgres } from '../lib/store/postgres/open-postgres.ts'
import { unreachable } from '../lib/stream/errors.ts'
import type { Store } from '../lib/stream/ports.ts'
import { trouble } from './errors.ts'
import { httpRegistrar } from './http-registrar.ts'
import { findStore, type StorePlace } from './store-place.ts'

/** A store that this process opens itself. */
type DirectPlace = Exclude<StorePlace, { readonly kind: 'function' }>

/** Registers wherever the store is. */
export interface Registrar {
  /** Where records go, for people. */
  readonly shown: string
  /** Whether a function takes it, which knows it at once. */
  readonly hasFunction: boolean
  /** Null if no id can be made of the names. */
  find(name: EndpointName): Promise<FoundEndpoint | null>
  /** The endpoint with its record as it is then. */
  register(registration: Registration): Promise<FoundEndpoint | null>
  close(): Promise<void>
}

/**
 * Opens the store that a registration goes to (store-place.ts), through the function that has it, if one does.
 *
 * @throws CliError, StreamError
 */
export async function openRegistrar(
  dataFolder: string | undefined,
  env: Environment,
  { mayMake }: { readonly mayMake: boolean },
): Promise<Registrar> {
  const chosen = findStore(dataFolder, env)
  if (chosen === null) {
    throw trouble(
      'There is no store here: name a data folder with --data, set STORE_URL, or begin with ' +
        '"model-monitoring run".',
    )
  }
  const { defaultVersion } = chosen.settings
  const { place } = chosen
  if (place.kind === 'function') return httpRegistrar({ ...place, defaultVersion })
  const { records, kv, close } = await openStore(place, { settings: chosen.settings, mayMake })
  const store = { records, kv, defaultVersion }
  return {
    shown: shownPlace(place, chosen.settings),
    hasFunction: false,
    find: (name) => findEndpoint(name, store),
    register: (registration) => register(registration, { store, wait }),
    close,
  }
}

function shownPlace(place: DirectPlace, settings: Config): string {
  switch (place.kind) {
    case 'postgres':
      return 'the PostgreSQL store'
    case 'v3io':
      return `V3IO, ${settings.container}/${kvPath(settings)}`
    case 'embedded':
      return `the store in ${place.folder}`
    default:
      return unreachable(place)
  }
}

async function openStore(
  place: DirectPlace,
  { settings, mayMake }: { readonly settings: Config; readonly mayMake: boolean },
): Promise<Store> {
  switch (place.kind) {
    case 'postgres':
      return await openPostgres({ url: place.url })
    case 'v3io':
      return openV3ioOf(settings, (message, fields) => {
        process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
      })
    case 'embedded':
      // Registered before the function runs for the first time.
      if (place.isMade || mayMake) return await openEmbedded({ folder: place.folder })
      throw trouble(`There is no store in ${place.folder}: name a data folder that has one.`)
    default:
      return unreachable(place)
  }
}
