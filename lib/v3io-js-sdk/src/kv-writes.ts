import type { HttpAnswer, HttpCall, HttpTransport } from './http-transport.ts'
import { isOk } from './web-api.ts'

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

// Numbers inside ErrorCode, whose full value is not known from any document.
const CONDITION_FALSE = ['16777244', '16777245']
const ITEM_EXISTS = '369098809'
const VERIFIER = 'x-v3io-transaction-verifier'

/** What the answer to a write says; @throws V3ioError */
export function writeResult(
  transport: HttpTransport,
  call: HttpCall,
  answer: HttpAnswer,
): WriteResult {
  if (isOk(answer.status)) return { kind: 'written', verifier: verifierOf(answer) }
  if (outcomeOf(answer) === 'condition-false') return { kind: 'condition-false' }
  throw transport.errorOf(call, answer)
}

/** What the answer to a write says that makes an item; @throws V3ioError */
export function createResult(
  transport: HttpTransport,
  call: HttpCall,
  answer: HttpAnswer,
): CreateResult {
  if (isOk(answer.status)) return { kind: 'written', verifier: verifierOf(answer) }
  if (outcomeOf(answer) === 'exists') return { kind: 'exists' }
  throw transport.errorOf(call, answer)
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
