/** A request that framesd refuses; the message is the text of the answer. */
export class Refusal extends Error {
  /** The HTTP status of the answer; /read answers 200 with an error frame whatever it is. */
  readonly status: number

  constructor(message: string, status = 500) {
    super(message)
    this.status = status
  }
}

/** A request that would have ended the real framesd process. */
export class ProcessDeath extends Error {}

/** Throws what was thrown with words in front, as each layer of framesd adds its own. */
export function refuseWith(prefix: string, error: unknown): never {
  if (error instanceof Refusal) throw new Refusal(`${prefix}: ${error.message}`, error.status)
  throw error
}
