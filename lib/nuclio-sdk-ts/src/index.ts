export type { Answer, ReplyParts } from './answer.ts'
export { NO_ACK_HEADER, Reply, respond, respondWithoutAck } from './answer.ts'
export type { OnError } from './answering.ts'
export type {
  Context,
  NuclioContext,
  NuclioFunction,
  NuclioLogger,
  Response,
  ResponseConstructor,
} from './context.ts'
export type { HandlerDefinition } from './define-handler.ts'
export { defineHandler } from './define-handler.ts'
export type { NuclioEvent, StreamPosition, Trigger } from './event.ts'
export { readHeader, readStreamPosition } from './event.ts'
export { installFraming } from './framing.ts'
export type { GuardedDefinition } from './guard-handler.ts'
export { guardHandler } from './guard-handler.ts'
export type { BufferedLogger, LogFields, Logger, LogLevel, LogRecord } from './logger.ts'
export { createLogger } from './logger.ts'
export { isAssertionFailure } from './process-end.ts'
export { toSafeJson } from './safe-json.ts'
export type { Flush, FlushRequest, FlushSignal } from './signals.ts'
export { FLUSHED_EVENT, installSignals } from './signals.ts'
