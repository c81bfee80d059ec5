/** Somebody who wants the command to end: Ctrl-C, or a service manager. */
export interface StopRequest {
  /** Rejects with `Stopped` at the first signal; settles in no other way. */
  readonly requested: Promise<never>
  /** Leaves signals to node again. */
  forget(): void
}

/** Thrown into whatever was waited for when a signal came. */
export class Stopped extends Error {}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
// As shells report a death by SIGINT.
const EXIT_SECOND_SIGNAL = 130

/** Waits for a signal; a second one ends the process at once, and the spool keeps the rest. */
export function watchSignals(): StopRequest {
  let stop: (error: Stopped) => void = () => undefined
  const requested = new Promise<never>((_resolve, reject) => {
    stop = reject
  })
  requested.catch(() => undefined) // whoever waits for something races it
  let count = 0
  const onSignal = (): void => {
    count++
    if (count > 1) process.exit(EXIT_SECOND_SIGNAL)
    stop(new Stopped('A signal asked the command to stop.'))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    requested,
    forget: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
