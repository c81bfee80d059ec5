import type { LogLevel } from '../logger.ts'

/** A line of the worker's stdout or stderr, or one it logged through Nuclio's logger. */
export type WorkerOutput =
  | {
      readonly kind: 'log'
      readonly workerIndex: number
      readonly pid: number
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
      /** ISO 8601, by the worker's clock */
      readonly datetime: string
    }
  | {
      readonly kind: 'stdout' | 'stderr'
      readonly workerIndex: number
      readonly pid: number
      readonly text: string
    }

/** How a worker ended, and what comes of it. */
export interface WorkerExit {
  readonly workerIndex: number
  readonly pid: number
  /** null when a signal ended it */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** When it is started again; null when it is not. */
  readonly restartInMs: number | null
}

/** Reads a log line of the wire; null when it is none. */
export function readLogLine(
  line: Buffer,
  worker: { readonly workerIndex: number; readonly pid: number },
): WorkerOutput | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString('utf8', 1))
  } catch {
    return null // not from our wrapper: the caller shows it as it is
  }
  if (typeof parsed !== 'object' || parsed === null) return null
  const { level, message, datetime, with: fields } = parsed as Record<string, unknown>
  return {
    kind: 'log',
    ...worker,
    level: readLevel(level),
    message: String(message),
    fields: typeof fields === 'object' && fields !== null ? { ...fields } : {},
    datetime: String(datetime),
  }
}

function readLevel(level: unknown): LogLevel {
  if (level === 'warning') return 'warn'
  return level === 'debug' || level === 'error' ? level : 'info'
}
