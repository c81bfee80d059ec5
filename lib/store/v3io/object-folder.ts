import { V3ioClient } from 'v3io-js-sdk'
import { StreamError } from '../../stream/errors.ts'
import type { ObjectFolder } from '../parquet/parquet-sink.ts'
import { verdict } from './failure.ts'

/** Parquet files are larger than records, and a slow network must not lose one. */
const TIMEOUT_MS = 60_000

/** A container's objects for Parquet files: one put each, which is there whole or not at all. */
export function openObjectFolder({
  api,
  accessKey,
  container,
}: {
  readonly api: string
  readonly accessKey: string
  readonly container: string
}): ObjectFolder & { close(): void } {
  const client = new V3ioClient({ url: api, accessKey, timeoutMs: TIMEOUT_MS, connectionsMax: 2 })
  const objects = client.objects(container)
  return {
    async put(path, bytes) {
      try {
        await objects.put(path, bytes)
        return { kind: 'written' }
      } catch (error) {
        const { isRefusal, reason } = verdict(error)
        return { kind: isRefusal ? 'rejected' : 'retry', reason }
      }
    },
    async has(path) {
      try {
        return (await objects.head(path)) !== null
      } catch (error) {
        const message = `It cannot be told whether v3io://${container}/${path} is there: ${verdict(error).reason}.`
        throw new StreamError('path-unusable', message, { cause: error })
      }
    },
    close: () => client.close(),
  }
}
