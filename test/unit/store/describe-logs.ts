import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { LogStore } from '../../../lib/stream/ports.ts'

/** The laws of the port of logs, for any store; each test works with a log of its own. */
export function describeLogs(logsOf: () => LogStore): void {
  test('a log has the owner that came last, and only that one writes its checkpoint', async () => {
    const logs = logsOf()
    const log = `events-0-${randomUUID()}`
    assert.deepEqual(await logs.look(log), { epoch: 0, offset: null })
    const first = await logs.takeOver(log)
    // The time in seconds, so that a log which was deleted never begins below what it had.
    assert(Math.abs(first.epoch - Date.now() / 1000) < 3_600, `${first.epoch}`)
    assert.deepEqual(first, { epoch: first.epoch, checkpoint: null })
    assert.deepEqual(await logs.look(log), { epoch: first.epoch, offset: null })

    const bytes = Buffer.from(`{"a":"é\u{1f600}"}\n`.repeat(10_000))
    const newest = { epoch: first.epoch, offset: 41, bytes }
    assert.equal(await logs.writeCheckpoint(log, newest), true)
    assert.deepEqual(await logs.look(log), { epoch: first.epoch, offset: 41 })

    const second = await logs.takeOver(log)
    assert.equal(second.epoch, first.epoch + 1)
    assert.equal(second.checkpoint?.offset, 41)
    assert(Buffer.from(second.checkpoint?.bytes ?? []).equals(bytes))
    // The one before does not know yet.
    const stale = { epoch: first.epoch, offset: 50, bytes: Buffer.from('stale') }
    assert.equal(await logs.writeCheckpoint(log, stale), false)
    assert.deepEqual(await logs.look(log), { epoch: second.epoch, offset: 41 })
    const own = { epoch: second.epoch, offset: 60, bytes: Buffer.from('new') }
    assert.equal(await logs.writeCheckpoint(log, own), true)
    assert.equal(await logs.writeCheckpoint(log, own), true, 'again, after an answer was lost')
    const { epoch, checkpoint } = await logs.takeOver(log)
    assert.deepEqual([epoch, checkpoint?.offset], [second.epoch + 1, 60])
    assert.equal(Buffer.from(checkpoint?.bytes ?? []).toString(), 'new')
  })

  test('of many that take a log over at once each has an epoch of its own', async () => {
    const log = `events-1-${randomUUID()}`
    const taken = await Promise.all(Array.from({ length: 6 }, () => logsOf().takeOver(log)))
    const epochs = taken.map(({ epoch }) => epoch).sort((a, b) => a - b)
    assert.equal(new Set(epochs).size, 6, String(epochs))
    const newest = epochs.at(-1) ?? 0
    const write = (epoch: number) =>
      logsOf().writeCheckpoint(log, { epoch, offset: 1, bytes: Buffer.from(String(epoch)) })
    for (const epoch of epochs) assert.equal(await write(epoch), epoch === newest)
  })
}
