import type { HttpAnswer, HttpTransport } from './http-transport.ts'
import { functionCall, isOk } from './web-api.ts'

/** What became of a write that may depend on a condition. */
export type WriteResult =
  | {
      readonly kind: 'written'
      /**
       * A condition that holds until the next write of the item, such as
       * `__mtime_secs==1 and __mtime_nsecs==2`; null where the server sent none.
       */
      readonly verifier: string | null
    }
  | { readonly kind: 'condition-false' }

/** What became of a write that only makes items. */
export type CreateResult =
  | Extract<WriteResult, { readonly kind: 'written' }>
  | { readonly kind: 'exists' }

/** A write of one item, as the web API takes it. */
export interface ItemWrite {
  readonly name: 'PutItem' | 'UpdateItem'
  readonly path: string
  /** Members of the body, name -> JSON; those that are undefined are left out. */
  readonly members: Readonly<Record<string, string | undefined>>
  readonly isRepeatable: boolean
}

// Numbers inside ErrorCode, whose full value is not known from any document.
const CONDITION_FALSE = ['16777244', '16777245']
const ITEM_EXISTS = '369098809'
const VERIFIER = 'x-v3io-transaction-verifier'

/** Writes; a false condition and an item that exists are outcomes. @throws V3ioError */
export async function writeItem(
  transport: HttpTransport,
  write: ItemWrite,
): Promise<WriteResult | CreateResult> {
  const members: string[] = []
  for (const [name, json] of Object.entries(write.members)) {
    if (json !== undefined) members.push(`"${name}":${json}`)
  }
  const call = functionCall({
    name: write.name,
    method: write.name === 'PutItem' ? 'PUT' : 'POST',
    path: write.path,
    body: `{${members.join(',')}}`,
    isRepeatable: write.isRepeatable,
  })
  const answer = await transport.send(call)
  if (isOk(answer.status)) return { kind: 'written', verifier: verifierOf(answer) }
  const outcome = outcomeOf(answer)
  if (outcome === null) throw transport.errorOf(call, answer)
  return { kind: outcome }
}

/** The platform answers 400 although it did what it was told to do. */
function outcomeOf({ status, body }: HttpAnswer): 'condition-false' | 'exists' | null {
  if (status !== 400) return null
  const text = body.toString('utf8')
  if (!text.includes('ErrorCode')) return null
  // First, because such an answer holds a second code.
  if (text.includes(ITEM_EXISTS)) return 'exists'
  return CONDITION_FALSE.some((code) => text.includes(code)) ? 'condition-false' : null
}

/** The verifier of an item, after it was read or written; null where the server sent none. */
export function verifierOf({ headers }: HttpAnswer): string | null {
  const value = headers[VERIFIER]
  return typeof value === 'string' && value !== '' ? value : null
}
