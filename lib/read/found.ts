/** Why a request has no answer: which mistake, as MLRun's clients know it, and one sentence for people. */
export interface Refusal {
  readonly status: 400 | 404
  readonly message: string
}

/** What was asked for, or why there is no such thing. */
export type Found<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal }

/** The answer to a request. */
export function found<T>(value: T): Found<T> {
  return { ok: true, value }
}

/** A request that cannot be meant. */
export function refuse(message: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { status: 400, message } }
}

/** A request for what there is not. */
export function notFound(message: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { status: 404, message } }
}
