import type { NuclioContext } from './context.ts'
import { toSafeJson } from './safe-json.ts'

/** Nuclio's levels, as its logger's methods are called. On the wire `warn` is `warning`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Fields of a log line: anything at all; what JSON refuses is replaced by a short text. */
export type LogFields = Readonly<Record<string, unknown>>

/** A logger with Nuclio's method names that never throws and may be used from the first line on. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  debugWith(message: string, fields: LogFields): void
  infoWith(message: string, fields: LogFields): void
  warnWith(message: string, fields: LogFields): void
  errorWith(message: string, fields: LogFields): void
}

/** One line that waits for the socket. */
export interface LogRecord {
  readonly level: LogLevel
  readonly message: string
  readonly fields: unknown
  /** When it was logged; the wire's own time is that of the write, so it is kept as a field. */
  readonly loggedAt: string
}

/** A logger that waits for Nuclio's context and socket. */
export interface BufferedLogger extends Logger {
  /** From now on lines go to this context's logger, as soon as its socket is open. */
  attach(context: NuclioContext): void
  /** Writes what waits, if the socket is open. Cheap when nothing waits. */
  flush(): void
  /** Takes the lines that wait, for a process that ends before it ever got a socket. */
  takeBuffered(): readonly LogRecord[]
}

// A start that logs more than this is not telling a person anything; the newest lines matter most.
const LINES_MAX = 1_000

/** A logger that keeps up to 1,000 lines (dropping the oldest) until Nuclio's socket is open. */
export function createLogger(): BufferedLogger {
  let context: NuclioContext | undefined
  let waiting: LogRecord[] = []
  let droppedCount = 0

  // The wrapper's first bytes are the start line. Nothing of ours may go before it, and Nuclio's
  // logger throws while there is no socket.
  const isOpen = () => (context?._socket?.bytesWritten ?? 0) > 0

  function log(level: LogLevel, message: string, fields: unknown): void {
    const safeFields = fields === undefined ? undefined : toSafeJson(fields)
    const record = { level, message: String(message), fields: safeFields }
    if (context !== undefined && isOpen()) {
      flush()
      write(context, record)
      return
    }
    if (waiting.length >= LINES_MAX) {
      waiting.shift()
      droppedCount++
    }
    waiting.push({ ...record, loggedAt: new Date().toISOString() })
  }

  function flush(): void {
    if (waiting.length === 0 || context === undefined || !isOpen()) return
    const records = waiting
    waiting = []
    for (const { level, message, fields, loggedAt } of records) {
      write(context, { level, message, fields: { ...asObject(fields), loggedAt } })
    }
    if (droppedCount > 0) {
      const dropped = { lineCount: droppedCount }
      write(context, { level: 'warn', message: 'Early log lines were dropped.', fields: dropped })
      droppedCount = 0
    }
  }

  return {
    debug: (message) => log('debug', message, undefined),
    info: (message) => log('info', message, undefined),
    warn: (message) => log('warn', message, undefined),
    error: (message) => log('error', message, undefined),
    debugWith: (message, fields) => log('debug', message, fields),
    infoWith: (message, fields) => log('info', message, fields),
    warnWith: (message, fields) => log('warn', message, fields),
    errorWith: (message, fields) => log('error', message, fields),
    attach: (attached) => {
      context = attached
    },
    flush,
    takeBuffered: () => {
      const records = waiting
      waiting = []
      return records
    },
  }
}

function asObject(fields: unknown): object {
  return typeof fields === 'object' && fields !== null ? fields : {}
}

function write(context: NuclioContext, record: Omit<LogRecord, 'loggedAt'>): void {
  try {
    if (record.fields === undefined) context.logger[record.level](record.message)
    else context.logger[`${record.level}With`](record.message, record.fields)
  } catch (error) {
    // The socket is going away. The pod's own output is the last place a person may look.
    console.error(`nuclio-sdk-ts: could not log "${record.message}": ${String(error)}`)
  }
}
