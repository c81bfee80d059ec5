import { open, readFile, rename } from 'node:fs/promises'

/** Per shard the offset of the next event to deliver: all before it are committed. */
export type CommittedOffsets = ReadonlyMap<number, number>

/** Keeps committed offsets, as a broker does for a consumer group. */
export interface OffsetStore {
  /** Empty for a topic it does not know. */
  get(topic: string): Promise<CommittedOffsets>
  /** Resolves when they are durable; shards that are not named keep theirs. */
  set(topic: string, offsets: CommittedOffsets): Promise<void>
}

/** Forgets everything with the process. */
export function memoryOffsetStore(): OffsetStore {
  const topics = new Map<string, CommittedOffsets>()
  const get = (topic: string) => topics.get(topic) ?? new Map<number, number>()
  return {
    get: async (topic) => get(topic),
    set: async (topic, offsets) => {
      topics.set(topic, new Map([...get(topic), ...offsets]))
    },
  }
}

type StoredTopics = Record<string, Record<string, number>>

/**
 * Keeps the offsets in one JSON file, {"topic": {"shard": offset}}, written beside it and renamed,
 * so that a crash leaves the old or the new text. For one process at a time. A file that is not
 * such a JSON object makes `get` reject: it is not ours to overwrite.
 */
export function fileOffsetStore(path: string): OffsetStore {
  async function load(): Promise<StoredTopics> {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
      throw error
    }
    return JSON.parse(text) as StoredTopics
  }

  return {
    get: async (topic) => {
      const stored = (await load())[topic] ?? {}
      return new Map(Object.entries(stored).map(([shard, offset]) => [Number(shard), offset]))
    },
    set: async (topic, offsets) => {
      const topics = await load()
      topics[topic] = { ...topics[topic], ...Object.fromEntries(offsets) }
      const temporary = `${path}.tmp`
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(`${JSON.stringify(topics)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    },
  }
}
