import type { KvSink, Outcome } from '../ports.ts'

/**
 * A sink for several logs of one process: what is handed over first is written first, so that no older
 * record of an endpoint comes after a newer one.
 */
export function inOrder(sink: KvSink): KvSink {
  let last: Promise<unknown> = Promise.resolve()
  return {
    write(updates) {
      const written: Promise<Outcome> = last.then(() => sink.write(updates))
      // Its own caller hears of a failure.
      last = written.catch(() => undefined)
      return written
    },
  }
}
