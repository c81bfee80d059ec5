import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { NuclioEvent } from './event.ts'
import type { Logger } from './logger.ts'

/** What `new context.Response(...)` makes: an answer with all its parts. */
export interface Response {
  body: unknown
  headers: unknown
  content_type: string
  status_code: number
}

/** Nuclio's own class of answers. A body that is not a string, a Buffer too, is written as JSON. */
export type ResponseConstructor = new (
  body?: unknown,
  headers?: unknown,
  contentType?: string,
  statusCode?: number,
) => Response

/** Nuclio's own logger: throws before the socket exists and on fields that JSON refuses. */
export interface NuclioLogger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  debugWith(message: string, fields: unknown): void
  infoWith(message: string, fields: unknown): void
  warnWith(message: string, fields: unknown): void
  errorWith(message: string, fields: unknown): void
}

/**
 * Nuclio's own context. The wrapper makes one object when it starts and gives it to `initContext`
 * (from 1.5.4) and to every event: it knows neither the event nor the worker nor the trigger.
 */
export interface NuclioContext {
  /** Whatever a function wants to keep; lives as long as the process. */
  userData: Record<string, unknown>
  /** Answers the event in hand, whichever it is: a late call answers the NEXT event. */
  callback(output?: unknown): unknown
  readonly Response: ResponseConstructor
  readonly logger: NuclioLogger
  /** Set once the wrapper connects, after `initContext`. Not part of Nuclio's promises. */
  readonly _socket?: Socket | undefined
  /** Carries `callback` to the wrapper. Not part of Nuclio's promises. */
  readonly _eventEmitter?: EventEmitter | undefined
}

/** What handlers made by `defineHandler` get. There is no callback: the return value answers. */
export interface Context {
  /** Safe at any time, also while the module loads and in `init`; never throws. */
  readonly logger: Logger
  /** Nuclio's `userData`; an empty object of our own until Nuclio's context is there. */
  readonly userData: Record<string, unknown>
}

/** The two functions that Nuclio's wrapper looks for among a module's exports. */
export interface NuclioFunction {
  /** Called once per event. Its return value and its promise mean nothing to Nuclio. */
  readonly handler: (context: NuclioContext, event: NuclioEvent) => void
  /** Called once before the socket exists, never awaited (from 1.5.4). */
  readonly initContext: (context: NuclioContext) => void
  /** The same logger that the handler gets in its context, for code outside of it. */
  readonly logger: Logger
}
