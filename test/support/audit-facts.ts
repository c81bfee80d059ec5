import type { AuditFacts } from '../../lib/audit/facts.ts'
import { foundRow } from '../../lib/audit/found-row.ts'
import { fileMetadata, readFileMetadata } from '../../lib/store/parquet/parquet-metadata.ts'
import type { LedgerEntry } from '../../lib/stream/ports.ts'
import { fileName, type MemoryStore } from './memory-store.ts'
import { rowsOfFile } from './rows-of-file.ts'

/** What an audit finds of a store in memory, and of the dead letters of its logs. */
export function auditFactsOf(
  { entries, claimed, files, items }: MemoryStore,
  letters: readonly Readonly<Record<string, unknown>>[],
): AuditFacts {
  const lines = [...entries.values()].sort((a, b) => a.offset - b.offset)
  const newest = new Map<string, LedgerEntry>()
  for (const line of lines) newest.set(`${line.log} ${line.endpointId}`, line)
  return {
    newest: [...newest.values()],
    before: [],
    history: async (log, endpointId) =>
      lines.filter((line) => line.log === log && line.endpointId === endpointId),
    claims: claimed,
    files: [...files.values()].map((file) => {
      const metadata = readFileMetadata(fileMetadata(file))
      if (metadata === null) throw new Error('The metadata of a file of ours is not known.')
      return { path: fileName(file.claim), ...metadata }
    }),
    damaged: [],
    letters: letters.flatMap(({ log, sink, offset, call, row, endpoint_id: id, feature }) => {
      if (sink !== undefined) return []
      const key = `${log}/${offset}/${call}/${row}`
      const wrongType =
        id === undefined ? null : { endpointId: String(id), feature: String(feature) }
      return [{ key, log: String(log), offset: Number(offset), wrongType }]
    }),
    refusedRows: letters.flatMap(({ log, sink, key, content }) => {
      if (sink !== 'parquet') return []
      const { endpoint_id: endpointId, offset } = content as Record<string, unknown>
      const place = { log: String(log), endpointId: String(endpointId), offset: Number(offset) }
      const { named_features: features, prediction } = content as Record<string, unknown>
      return [{ key: `${log} ${key}`, ...place, row: foundRow(features, prediction) }]
    }),
    records: [...items].map(([endpointId, item]) => ({
      endpointId,
      errorCount: Number(item.get('error_count')?.value ?? 0),
      featureStats: item.get('feature_stats')?.value?.toString(),
    })),
    readRows: async ({ path }) => {
      const file = files.get(path)
      if (file === undefined) throw new Error(`There is no file ${path}.`)
      return rowsOfFile(file).map(({ named_features: features, prediction }) =>
        foundRow(features, prediction),
      )
    },
  }
}
