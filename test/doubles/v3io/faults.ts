/** What a fault does to a request. `applied`: whether the request takes effect all the same. */
export type FaultKind =
  /** Answers this status (default body: what the platform is known to say with it). */
  | {
      readonly kind: 'status'
      /** 100 to 599. */
      readonly status: number
      readonly errorCode?: number
      readonly errorMessage?: string
      readonly applied?: boolean
    }
  /** Destroys the connection without an answer. */
  | { readonly kind: 'reset'; readonly applied: boolean }
  /** Waits, then goes on as if nothing had been. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers, and does not apply it. The connection ends with the double. */
  | { readonly kind: 'hang' }
  /** Applies the request, then cuts the answer in the middle of its body (of its head without one). */
  | { readonly kind: 'truncate' }
  /** Answers anything at all, and does not apply the request. */
  | { readonly kind: 'body'; readonly status: number; readonly body: string | Buffer }

/** What a rule can look at: the path is as it was sent, with its query. */
export interface FaultedRequest {
  readonly method: string
  readonly path: string
  /** X-v3io-function, or null. */
  readonly function: string | null
}

/** A rule that gives requests a fault. */
export interface Fault {
  /** Default: any request. */
  readonly matches?: (request: FaultedRequest) => boolean
  /** How many requests it is for, default 1; may be Infinity. */
  readonly times?: number
  readonly kind: FaultKind
}

/** The rules that are still to be used. */
export class Faults {
  #rules: { readonly fault: Fault; left: number }[] = []

  /** Adds a rule behind the others. */
  add(fault: Fault): void {
    this.#rules.push({ fault, left: fault.times ?? 1 })
  }

  /** Forgets all rules. */
  clear(): void {
    this.#rules = []
  }

  /** What happens to a request: the first rule that matches decides, and is used up by one. */
  take(request: FaultedRequest): FaultKind | undefined {
    const rule = this.#rules.find(
      ({ fault, left }) => left > 0 && (fault.matches?.(request) ?? true),
    )
    if (rule === undefined) return undefined
    rule.left--
    return rule.fault.kind
  }
}

const KNOWN_BODIES: ReadonlyMap<number, readonly [number, string]> = new Map([
  [401, [-1, 'Unauthorized']],
  [403, [-13, 'Permission denied']],
  [404, [-2, 'No such file or directory']],
  [503, [-117440512, 'Failed to send a control message request']],
])

/** The JSON body of a `status` fault. */
export function faultBody(fault: Extract<FaultKind, { kind: 'status' }>): string {
  const [code, message] = KNOWN_BODIES.get(fault.status) ?? [-1, 'Injected by a test']
  const ErrorCode = fault.errorCode ?? code
  return JSON.stringify({ ErrorCode, ErrorMessage: fault.errorMessage ?? message })
}
