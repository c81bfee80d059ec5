/** What an event came through. */
export interface Trigger {
  /**
   * `http`, `kafka-cluster`, `cron`, `v3io-stream` (written `v3ioStream` in function.yaml) and the
   * other kinds of Nuclio. For a binary cloud event over HTTP it is the event's source instead.
   */
  readonly kind: string
  /** The trigger's key in function.yaml; the source again for a binary cloud event. */
  readonly name: string
}

/**
 * One event as Nuclio's wrapper hands it to the handler (versions 1.10 to 1.14, seen on 1.14.1).
 * Fields that an older processor does not send are marked optional.
 */
export interface NuclioEvent {
  /** The body's bytes, for every trigger and also for JSON content types. Empty, never absent. */
  readonly body: Buffer
  /** HTTP: the request's content type. '' for Kafka, cron and v3io streams, always. */
  readonly content_type: string
  /** The same text as `content_type`. */
  readonly 'content-type': string
  readonly trigger: Trigger
  /**
   * NOT unique: one uuid for all HTTP events of a worker, one for all events of a partition claim.
   * Never a key for finding duplicates; use `readStreamPosition` or an id of the payload.
   */
  readonly id: string
  /** The partition or shard; -1 for HTTP and cron. */
  readonly shard_id: number
  /**
   * Position within the shard: the Kafka offset or the v3io sequence number. 0 for HTTP and cron,
   * so it means something only where `shard_id` is not negative. From Nuclio 1.11.20; absent
   * before.
   */
  readonly offset?: number
  /** HTTP: the path. Kafka: the topic. '' for cron and v3io streams. */
  readonly path: string
  /**
   * The Kafka topic or the v3io stream's path; '' otherwise. From Nuclio 1.12.12; absent before.
   */
  readonly topic?: string
  /**
   * HTTP and cron: strings, HTTP names in canonical case (`X-Request-Id`). Kafka: the values are
   * base64 of the header's bytes, and the message key is not passed at all. v3io streams: {}. null
   * for a structured cloud event. `readHeader` knows all of this.
   */
  readonly headers: Readonly<Record<string, unknown>> | null
  /** HTTP: the query, one string a name. null for every other trigger. */
  readonly fields: Readonly<Record<string, unknown>> | null
  /** HTTP: the method. '' otherwise. */
  readonly method: string
  /** '' for all of HTTP, Kafka, cron and v3io streams. */
  readonly url: string
  /** A cloud event's type; '' otherwise. */
  readonly type: string
  readonly type_version: string
  readonly version: string
  /**
   * In whole seconds. HTTP and v3io streams: the arrival; Kafka: the message's timestamp; cron:
   * 1970; a binary cloud event without a time: the year 1. Take event time from the payload.
   */
  readonly timestamp: Date
  /** Bytes of the body for HTTP, Kafka and cron. */
  readonly size: number
  /** 0 for HTTP, Kafka and cron. */
  readonly num_shards: number
}

/** Where an event stands in its stream: together the three name it for ever. */
export interface StreamPosition {
  /**
   * The Kafka topic or the v3io stream's path; '' where Nuclio does not say (v3io before 1.12.12).
   */
  readonly topic: string
  /** >= 0 */
  readonly shard: number
  /** >= 0, growing by one within the shard */
  readonly offset: number
}

/**
 * The event's position in its stream, or null when it has none: HTTP, cron, and any trigger of a
 * Nuclio older than 1.11.20, which sends no offset.
 */
export function readStreamPosition(event: NuclioEvent): StreamPosition | null {
  const { shard_id: shard, offset } = event
  if (typeof shard !== 'number' || shard < 0) return null
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) return null
  // Before 1.12.12 there is no topic, but a Kafka trigger has always put it into the path.
  return { topic: event.topic || event.path || '', shard, offset }
}

/**
 * A header's text, whatever the case of its name; undefined when it is absent or not text. The
 * base64 of Kafka's header values is undone (as UTF-8).
 */
export function readHeader(event: NuclioEvent, name: string): string | undefined {
  if (event.headers === null || typeof event.headers !== 'object') return undefined
  const wanted = name.toLowerCase()
  for (const [key, value] of Object.entries(event.headers)) {
    if (key.toLowerCase() !== wanted || typeof value !== 'string') continue
    return event.trigger.kind.startsWith('kafka') ? Buffer.from(value, 'base64').toString() : value
  }
  return undefined
}
