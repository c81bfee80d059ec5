/**
 * CPU per event of its whole way to a finished Parquet file over JSON.parse of the same body: the spool
 * with its syncs, decode, compute, batch, packing, the worker thread's encoding and the durable file.
 */
import assert from 'node:assert'
import { EventStream, makeEvents } from './events.ts'
import { parseUsPerEvent } from './hot-path.ts'
import { LiveService } from './live-service.ts'
import { type Findings, interleave, type Rounds, ratioOf, withFolder } from './support.ts'

/** In each round every endpoint fills one file of 10,000 rows, the default of the settings. */
const ENDPOINTS = 2
const EVENTS = ENDPOINTS * 10_000
const FEATURES = 20

/** Takes events until their files are full, and waits for the files. */
export function measureToFile(rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const service = await LiveService.open(folder)
    const bodies = makeEvents({
      count: EVENTS,
      endpointCount: ENDPOINTS,
      featureCount: FEATURES,
      endpointOf: (index) => index % ENDPOINTS,
    })
    const stream = new EventStream(bodies, service.startUs)
    try {
      await service.warmUp()
      const figures = await interleave(
        {
          parse: () => parseUsPerEvent(bodies),
          toFile: async () => {
            const us = await service.takeAll(stream, () => service.flushAll())
            return us / EVENTS
          },
        },
        rounds,
      )
      assert.equal(service.counts.parquetRows, EVENTS * (rounds.warmups + rounds.rounds))
      return { toFileOverJsonParse: ratioOf(figures.toFile, figures.parse) }
    } finally {
      await service.close()
    }
  })
}
