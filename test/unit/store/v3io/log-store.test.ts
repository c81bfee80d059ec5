// Claim: logs and the ledger in V3IO keep the laws of their ports, against strict doubles of the platform; checkpoints do
// not pile up, and one that is gone is told of.
import assert from 'node:assert'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { V3ioClient } from 'v3io-js-sdk'
import {
  ACCESS_KEY,
  CONTAINER,
  startV3ioDoubles,
  type V3ioDoubles,
} from '../../../support/v3io-doubles.ts'
import { describeLedger } from '../describe-ledger.ts'
import { describeLogs } from '../describe-logs.ts'
import { describeReading } from '../describe-reading.ts'

let doubles: V3ioDoubles
before(async () => {
  doubles = await startV3ioDoubles()
})
after(() => doubles.close())

describeLogs(() => doubles.store.logs)
describeLedger(() => doubles.store)
describeReading(() => doubles.store)

test('checkpoints do not pile up, and one that is gone is told of', async () => {
  const { logs } = doubles.store
  const { epoch } = await logs.takeOver('piling')
  for (const offset of [1, 2, 3]) {
    await logs.writeCheckpoint('piling', { epoch, offset, bytes: Buffer.from('x') })
  }
  const client = new V3ioClient({ url: doubles.v3io.url, accessKey: ACCESS_KEY })
  const objects = client.objects(CONTAINER)
  const names: string[] = []
  for await (const { path } of objects.list('p/model-endpoints/stream-checkpoints/piling')) {
    names.push(path)
  }
  assert.equal(names.length, 1, String(names))
  await objects.delete(names[0] ?? '')
  await assert.rejects(logs.takeOver('piling'), /has no checkpoint/)
  client.close()
})

test('a log whose item was deleted begins anew with a greater epoch', async () => {
  const { logs } = doubles.store
  await logs.takeOver('anew')
  const { epoch } = await logs.takeOver('anew')
  const client = new V3ioClient({ url: doubles.v3io.url, accessKey: ACCESS_KEY })
  assert(await client.table(CONTAINER, 'p/model-endpoints/stream-logs').delete('anew'))
  client.close()
  // Epochs are the seconds at which a log began, and one more each time.
  await wait(2_000)
  assert((await logs.takeOver('anew')).epoch > epoch)
})
