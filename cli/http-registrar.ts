import { type FoundEndpoint, findEndpoint } from '../lib/register/registration.ts'
import { encodeRegistration, REGISTER_PATH } from '../lib/register/registration-request.ts'
import { isJsonObject } from '../lib/stream/accept/event.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import type { StoredRecord } from '../lib/stream/ports.ts'
import { askFunction, baseOf, type FunctionPlace } from './ask-function.ts'
import { oneLine, trouble } from './errors.ts'
import { httpReader, type JsonRecord } from './http-reader.ts'
import type { Registrar } from './registrar.ts'

/** Registers through the function that has the store. */
export function httpRegistrar(
  place: FunctionPlace & { readonly defaultVersion: string },
): Registrar {
  const { defaultVersion } = place
  const base = baseOf(place)
  const reader = httpReader(place)

  return {
    shown: `the function at ${base}`,
    hasFunction: true,
    find: (name) =>
      findEndpoint(name, {
        defaultVersion,
        records: {
          read: async (ids) => {
            const all = (await reader.endpoints()).map(storedRecord)
            return new Map(
              all.flatMap((record) => {
                const id = String(record.get('endpoint_id') ?? '')
                return ids.includes(id) ? [[id, record]] : []
              }),
            )
          },
        },
      }),
    register: async (registration) => {
      const { status, text } = await askFunction(
        place,
        REGISTER_PATH,
        encodeRegistration(registration),
      )
      const found = status === 200 ? foundIn(tryParseJson(text)) : null
      if (found !== null) return found
      const answer = tryParseJson(text)
      const why =
        isJsonObject(answer) && typeof answer['error'] === 'string' ? answer['error'] : text
      throw trouble(
        `The function at ${base} did not take the registration (status ${status}: ` +
          `${oneLine(why).slice(0, 300).replace(/\.$/, '')}): see what it says, and call this again.`,
      )
    },
    close: () => reader.close(),
  }
}

function storedRecord(record: JsonRecord): StoredRecord {
  return new Map(Object.entries(record))
}

/** What our own function answers, whose shape is its contract. */
function foundIn(answer: unknown): FoundEndpoint | null {
  if (!isJsonObject(answer) || !isJsonObject(answer['record'])) return null
  return {
    endpointId: String(answer['endpoint_id']),
    model: String(answer['model']),
    record: storedRecord(answer['record'] as JsonRecord),
  }
}
