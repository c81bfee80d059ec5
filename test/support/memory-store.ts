import type {
  Attribute,
  Claim,
  EndpointUpdate,
  LedgerEntry,
  MetricRow,
  Outcome,
  ParquetSink,
  PredictionFile,
  Store,
  StoredLog,
  StoredRecord,
} from '../../lib/stream/ports.ts'
import { compareVersions, versionOf } from '../../lib/stream/record-version.ts'

/** A store in memory that keeps what it is given, and does what a test tells it to do instead. */
export interface MemoryStore
  extends Pick<Store, 'kv' | 'tsdb' | 'claims' | 'logs' | 'ledger' | 'records'> {
  readonly parquet: ParquetSink
  /** Endpoint id -> attributes, merged as they came. */
  readonly items: Map<string, Map<string, Attribute>>
  /** Each update as it came. */
  readonly updates: EndpointUpdate[]
  /** Key -> row; the first of equal keys stays. */
  readonly rows: Map<string, MetricRow>
  readonly claimed: Claim[]
  /** Log of a shard -> its owner's epoch and its checkpoint. */
  readonly shardLogs: ReadonlyMap<string, StoredLog>
  /** Log, endpoint and offset -> line of the ledger. */
  readonly entries: Map<string, LedgerEntry>
  /** Claim -> file. */
  readonly files: Map<string, PredictionFile>
  /** What the next writes of a sink answer instead of taking anything; empty: they take all. */
  readonly outcomes: Record<'kv' | 'tsdb' | 'parquet' | 'ledger', Outcome[]>
  /** Errors that the next reads and claims throw. */
  readonly failures: Error[]
}

/** Name of a claim's file. */
export function fileName({ log, endpointId, hour, number }: Claim): string {
  return `${endpointId}/${hour}/${log}-${number}`
}

/** Whether a line may take the place of another one of its key, as in PostgreSQL. */
function saysAsMuch(entry: LedgerEntry, known: LedgerEntry): boolean {
  const settled = ({ counts }: LedgerEntry): number => counts.received - counts.waiting
  const delivered = ({ whole }: LedgerEntry): number => whole?.deliveredBefore ?? 0
  return settled(entry) >= settled(known) && delivered(entry) >= delivered(known)
}

/** A new, empty store. */
export function memoryStore(): MemoryStore {
  const items = new Map<string, Map<string, Attribute>>()
  const updates: EndpointUpdate[] = []
  const rows = new Map<string, MetricRow>()
  const claimed: Claim[] = []
  const entries = new Map<string, LedgerEntry>()
  const files = new Map<string, PredictionFile>()
  const outcomes: MemoryStore['outcomes'] = { kv: [], tsdb: [], parquet: [], ledger: [] }
  const failures: Error[] = []
  const logs = new Map<string, StoredLog>()
  const failIfTold = (): void => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
  }
  const written: Outcome = { kind: 'written' }

  function take<T>(
    given: readonly T[],
    outcome: Outcome | undefined,
    keep: (one: T) => void,
  ): Outcome {
    if (outcome === undefined) for (const one of given) keep(one)
    else if (outcome.kind === 'partial') {
      const others = new Set([...outcome.unwritten, ...outcome.refused.map(({ index }) => index)])
      for (const [index, one] of given.entries()) if (!others.has(index)) keep(one)
    }
    return outcome ?? written
  }

  return {
    items,
    updates,
    rows,
    claimed,
    shardLogs: logs,
    entries,
    files,
    outcomes,
    failures,
    kv: {
      write: async (given) =>
        take(given, outcomes.kv.shift(), (update) => {
          updates.push(update)
          const item = items.get(update.endpointId) ?? new Map<string, Attribute>()
          const version = versionOf(update.attributes)
          if (version !== null && compareVersions(versionOf(item), version) !== 'older') return
          for (const [name, attribute] of update.attributes) {
            if (attribute.type === 'none') item.delete(name)
            else item.set(name, attribute)
          }
          items.set(update.endpointId, item)
        }),
    },
    tsdb: {
      write: async (given) =>
        take(given, outcomes.tsdb.shift(), (row) => {
          const key = `${row.endpointId} ${row.recordType} ${row.atMs}`
          if (!rows.has(key)) rows.set(key, row)
        }),
    },
    parquet: {
      write: async (file) =>
        take([file], outcomes.parquet.shift(), () => {
          // As it is at this moment: a batch that grows after its cut must not go unseen.
          files.set(fileName(file.claim), structuredClone(file))
        }),
      has: async (claim) => files.has(fileName(claim)),
    },
    ledger: {
      write: async (given) =>
        take(given, outcomes.ledger.shift(), (entry) => {
          const key = `${entry.log} ${entry.endpointId} ${entry.offset}`
          const known = entries.get(key)
          if (known === undefined || saysAsMuch(entry, known)) entries.set(key, entry)
        }),
    },
    claims: {
      list: async (log) => {
        failIfTold()
        return claimed.filter((claim) => claim.log === log)
      },
      create: async (claim) => {
        failIfTold()
        if (claimed.some((other) => fileName(other) === fileName(claim))) return false
        claimed.push(claim)
        return true
      },
    },
    logs: {
      takeOver: async (log) => {
        failIfTold()
        const { epoch = 0, checkpoint = null } = logs.get(log) ?? {}
        logs.set(log, { epoch: epoch + 1, checkpoint })
        return { epoch: epoch + 1, checkpoint }
      },
      look: async (log) => {
        failIfTold()
        const { epoch = 0, checkpoint = null } = logs.get(log) ?? {}
        return { epoch, offset: checkpoint?.offset ?? null }
      },
      writeCheckpoint: async (log, { epoch, offset, bytes }) => {
        failIfTold()
        if (logs.get(log)?.epoch !== epoch) return false
        logs.set(log, { epoch, checkpoint: { offset, bytes } })
        return true
      },
    },
    records: {
      read: async (ids) => {
        failIfTold()
        const found = new Map<string, StoredRecord>()
        for (const id of ids) {
          const item = items.get(id)
          if (item === undefined) continue
          found.set(id, new Map([...item].map(([name, { value }]) => [name, value ?? ''])))
        }
        return found
      },
    },
  }
}
