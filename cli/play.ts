import { fileOffsetStore, type Runner, type StreamTriggerOptions } from 'nuclio-sdk-ts/runner'
import { EventClock } from './event-clock.ts'
import type { Input } from './input.ts'
import { Progress } from './progress.ts'
import type { Screen } from './screen.ts'
import { formatCount } from './table.ts'

/** What came of playing an input. */
export interface Played {
  /** Events that were delivered now; fewer than the input has when it was played before. */
  readonly eventCount: number
  readonly tookMs: number
}

/** How an input is played. */
export interface PlayOptions {
  readonly runner: Runner
  readonly screen: Screen
  /** File that keeps how far each input was played. */
  readonly offsetsPath: string
  /** How much faster than the events' own times; null for as fast as they are answered. */
  readonly speed: number | null
  /** Whether the events' own time is what time it is. */
  readonly isRecorded: boolean
}

/** Plays an input to its end, with progress on the screen. */
export async function play(input: Input, options: PlayOptions): Promise<Played> {
  const { runner, screen, offsetsPath, speed, isRecorded } = options
  const { topic, eventCount: totalCount } = input
  const offsetStore = fileOffsetStore(offsetsPath)
  const playedBefore = totalCount === null ? 0 : ((await offsetStore.get(topic)).get(0) ?? 0)
  if (playedBefore > 0) screen.line(goingOn(input, playedBefore))
  const clock = new EventClock()
  const startedAtMs = Date.now()
  const progress = new Progress(screen, { totalCount, nowMs: startedAtMs })
  let answeredTo = playedBefore
  const settings: StreamTriggerOptions = {
    topic,
    shardCount: 1,
    // What comes only once cannot be gone on with.
    ...(totalCount === null ? {} : { offsetStore }),
    ...(isRecorded
      ? { timestampMsOf: (line: Buffer) => clock.timestampMsOf(line, Date.now()) }
      : {}),
    ...(speed === null
      ? {}
      : { pace: { speed, eventTimeMsOf: (line: Buffer) => clock.eventTimeMsOf(line) } }),
    onAnswer: ({ offset }) => {
      answeredTo = Math.max(answeredTo, offset + 1)
      progress.onAnswer(offset + 1, Date.now())
    },
  }
  const stream = await runner.playStream(input.source, settings)
  await stream.done
  if (totalCount === null || playedBefore < totalCount) progress.end(Date.now())
  return { eventCount: answeredTo - playedBefore, tookMs: Date.now() - startedAtMs }
}

function goingOn({ eventCount, shown }: Input, playedBefore: number): string {
  if (eventCount !== null && playedBefore >= eventCount) {
    return `All ${formatCount(eventCount, 'event')} of ${shown} were played before; nothing is left.`
  }
  return `Going on in ${shown} after ${formatCount(playedBefore, 'event')} that were played before.`
}
