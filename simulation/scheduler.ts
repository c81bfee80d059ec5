interface Task {
  readonly atMs: number
  readonly run: () => void
}

/** Simulated time: tasks are done one after the other at their times, nothing happens in between. */
export class Scheduler {
  /** Whole milliseconds since the run began; never goes back. */
  nowMs = 0
  readonly #tasks = new Set<Task>()

  /**
   * Has something done later.
   *
   * @param delayMs  >= 0
   * @returns        cancels it
   */
  after(delayMs: number, run: () => void): () => void {
    const task = { atMs: this.nowMs + Math.ceil(delayMs), run }
    this.#tasks.add(task)
    return () => void this.#tasks.delete(task)
  }

  /** Does the task that is due first, of several the one that was given first; false for none. */
  step(): boolean {
    let first: Task | null = null
    for (const task of this.#tasks) if (first === null || task.atMs < first.atMs) first = task
    if (first === null) return false
    this.#tasks.delete(first)
    this.nowMs = Math.max(this.nowMs, first.atMs)
    first.run()
    return true
  }
}

/** Lets everything go on that waits for nothing but promises; no time passes. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
