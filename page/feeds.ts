/** What the page reads, and how often: one request at a time, never while nobody looks. */

/** What is read again and again. */
export interface Feed {
  /** Path and query, relative to the page; null while there is nothing to ask. */
  path(): string | null
  readonly everyMs: number
  /** Takes an answer that differs from the one before. */
  take(json: unknown): void
}

/** What came of a request. */
export type Answer =
  | { readonly kind: 'found'; readonly text: string }
  /** A key is needed, or another one. */
  | { readonly kind: 'no-key'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'no-answer'; readonly message: string }

/** How the page stands with the server. */
export type Standing =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live'; readonly atMs: number }
  | { readonly kind: 'paused' }
  | { readonly kind: 'no-key'; readonly message: string }
  | { readonly kind: 'trouble'; readonly message: string; readonly sinceMs: number | null }

/** What feeds need of the world. */
export interface FeedsParts {
  readonly ask: (path: string) => Promise<Answer>
  readonly nowMs: () => number
  /** Calls back after a time; gives the way to cancel it. */
  readonly after: (ms: number, work: () => void) => () => void
  readonly onStanding: (standing: Standing) => void
}

interface Known {
  dueAtMs: number
  path: string
  text: string
}

const RETRY_MS = 2_000
const RETRY_MS_MAX = 10_000
/** A server that is slow is asked less often: it may spend a fifth of its time on us. */
const REST_FACTOR = 4

/** Reads the feeds of a view in turn. */
export class Feeds {
  readonly #parts: FeedsParts
  #feeds: readonly Feed[] = []
  #known = new Map<Feed, Known>()
  #cancel: () => void = () => undefined
  #isBusy = false
  #isPaused = false
  #needsKey = false
  #failures = 0
  #liveAtMs: number | null = null

  constructor(parts: FeedsParts) {
    this.#parts = parts
  }

  /** Reads these from now on, all of them at once. */
  show(feeds: readonly Feed[]): void {
    this.#feeds = feeds
    this.#known = new Map()
    this.refresh()
  }

  /** Reads what is due now; with `isAll` all of it. */
  refresh({ isAll = false } = {}): void {
    if (isAll) {
      for (const known of this.#known.values()) known.dueAtMs = 0
      this.#needsKey = false
    }
    this.#cancel()
    this.#cancel = this.#parts.after(0, () => this.#turn())
  }

  /** While nobody looks nothing is read. */
  pause(): void {
    this.#isPaused = true
    this.#cancel()
    if (!this.#needsKey) this.#parts.onStanding({ kind: 'paused' })
  }

  /** Somebody looks again. */
  resume(): void {
    this.#isPaused = false
    this.refresh()
  }

  #turn(): void {
    if (this.#isBusy || this.#isPaused || this.#needsKey) return
    this.#isBusy = true
    // It settles all trouble itself; should it reject, that is a bug, which the console shows.
    void this.#readDue().finally(() => {
      this.#isBusy = false
      if (this.#isPaused || this.#needsKey) return
      this.#cancel()
      this.#cancel = this.#parts.after(this.#restMs(), () => this.#turn())
    })
  }

  async #readDue(): Promise<void> {
    const { nowMs } = this.#parts
    const feeds = this.#feeds
    for (const feed of feeds) {
      if (this.#isPaused || feeds !== this.#feeds) return
      const path = feed.path()
      const known = this.#known.get(feed)
      const isDue = known === undefined || known.dueAtMs <= nowMs() || known.path !== path
      if (path === null || !isDue) continue
      const isRead = await this.#read(feed, path)
      if (!isRead) return
    }
  }

  /** Whether the next one may be asked for. */
  async #read(feed: Feed, path: string): Promise<boolean> {
    const { ask, nowMs, onStanding } = this.#parts
    const startedAtMs = nowMs()
    const answer = await ask(path)
    const atMs = nowMs()
    switch (answer.kind) {
      case 'found': {
        this.#failures = 0
        this.#liveAtMs = atMs
        const restMs = Math.max(feed.everyMs, (atMs - startedAtMs) * REST_FACTOR)
        const before = this.#known.get(feed)
        // A view that was left meanwhile wants it no more.
        if (!this.#feeds.includes(feed)) return false
        this.#known.set(feed, { dueAtMs: atMs + restMs, path, text: answer.text })
        if (before?.text !== answer.text || before.path !== path) feed.take(JSON.parse(answer.text))
        if (!this.#isPaused) onStanding({ kind: 'live', atMs })
        return true
      }
      case 'no-key':
        this.#needsKey = true
        onStanding(answer)
        return false
      case 'refused':
      case 'no-answer':
        this.#failures++
        onStanding({ kind: 'trouble', message: answer.message, sinceMs: this.#liveAtMs })
        return false
    }
  }

  #restMs(): number {
    if (this.#failures > 0) return Math.min(RETRY_MS * this.#failures, RETRY_MS_MAX)
    const nowMs = this.#parts.nowMs()
    const due = this.#feeds.map((feed) =>
      feed.path() === null ? Number.POSITIVE_INFINITY : (this.#known.get(feed)?.dueAtMs ?? 0),
    )
    return Math.min(Math.max(Math.min(...due) - nowMs, 50), 60_000)
  }
}
