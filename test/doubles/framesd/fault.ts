/** What happens to a request instead of, or beside, what it asks for. */
export type FaultKind =
  /** Answers so, as text; nothing is applied. */
  | { readonly kind: 'status'; readonly status: number; readonly text: string }
  /** Destroys the connection, with the request applied or not. */
  | { readonly kind: 'reset'; readonly applied: boolean }
  /** Waits so long, then does what was asked. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers; nothing is applied. */
  | { readonly kind: 'hang' }
  /**
   * Answers as if all were well. A write to the TSDB loses this share (0 to 1, default 1) of the
   * series it meets, evenly spread; any other request does nothing at all.
   */
  | { readonly kind: 'lose'; readonly share?: number }
  /** Answers these bytes or this text; nothing is applied. */
  | { readonly kind: 'body'; readonly status: number; readonly body: string | Uint8Array }

/** A fault and the requests it meets. */
export interface Fault {
  /** Default: every request. */
  readonly matches?: (request: { readonly path: string }) => boolean
  /** How many requests it meets, default 1; Infinity is allowed. */
  readonly times?: number
  readonly kind: FaultKind
}

/** Faults in waiting: the first one that matches a request is used up by it. */
export class Faults {
  #waiting: { readonly fault: Fault; left: number }[] = []

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
  }

  /** The fault that meets a request, null for none. */
  take(request: { readonly path: string }): FaultKind | null {
    const found = this.#waiting.find(({ fault }) => fault.matches?.(request) ?? true)
    if (found === undefined) return null
    found.left -= 1
    if (found.left <= 0) this.#waiting = this.#waiting.filter((one) => one !== found)
    return found.fault.kind
  }
}

/** Chooses the given share (0 to 1) of the distinct names it is asked about, evenly spread. */
export function shareOf(share: number): (name: string) => boolean {
  const chosen = new Map<string, boolean>()
  return (name) => {
    const before = chosen.size
    const known = chosen.get(name)
    if (known !== undefined) return known
    const isChosen = Math.floor((before + 1) * share) > Math.floor(before * share)
    chosen.set(name, isChosen)
    return isChosen
  }
}
