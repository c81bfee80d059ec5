import assert from 'node:assert'
import { Child } from './child.ts'
import { ServerProcess } from './server-process.ts'
import { type Findings, interleave, medianRatioOf, type Rounds } from './support.ts'

/** Records of a flush. */
export const ENDPOINTS = 1_000
/** Of the store to the web API (open-v3io.ts). */
export const CONNECTIONS = 16
/** And the one over which framesd was asked for the table's schema. */
const FRAMES_CONNECTIONS = 1

/**
 * CPU time of a flush through the KV sink, over bare PUTs of the same bytes and headers by node:http, to
 * the same server, over as many connections that are kept; each side in a process of its own
 * (kv-side.ts). Making the attributes of a record is on neither side; making the body of them is on ours,
 * the bare PUTs have theirs ready.
 */
export async function measureKv(rounds: Rounds): Promise<Findings> {
  const server = await ServerProcess.start()
  try {
    const sink = await Child.start<number>('kv-side.mjs', ['sink', String(server.port)])
    const before = await server.report()
    assert.equal(before.connectionCount, CONNECTIONS + FRAMES_CONNECTIONS)
    const bare = await Child.start<number>('kv-side.mjs', ['bare', String(server.port)])
    const turns = { sink: () => sink.ask('flush'), bare: () => bare.ask('flush') }
    const runs = await interleave(turns, rounds)
    const after = await server.report()
    // The bare side has made its connections in one turn more.
    const turnCount = 1 + 2 * (rounds.warmups + rounds.rounds)
    assert.equal(after.requestCount - before.requestCount, turnCount * ENDPOINTS)
    // Else one side has it easier: fewer connections cost more CPU time for the same requests.
    assert.equal(after.connectionCount - before.connectionCount, CONNECTIONS)
    await Promise.all([sink.end(), bare.end()])
    return { kvOverBarePuts: medianRatioOf(runs.sink, runs.bare) }
  } finally {
    await server.end()
  }
}
