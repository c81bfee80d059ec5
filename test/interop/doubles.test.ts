// Claim: the doubles that our own client is tested with also satisfy the platform's Python clients.
// Shown by two scripts that use those clients as their own tests and MLRun do, an assertion a step.
import { test } from 'node:test'
import { ACCESS_KEY, startPlatform } from './platform.ts'
import { runPython } from './programs.ts'

const PAGE_ITEMS_MAX = 1000

test('v3io-py works with the double of the web API', async (context) => {
  const { webApi } = await startPlatform(context, { pageItemsMax: PAGE_ITEMS_MAX })
  await runPython('v3io_client.py', [webApi, ACCESS_KEY])
})

test('v3io-py with asyncio works with the double of the web API', async (context) => {
  const { webApi } = await startPlatform(context, { pageItemsMax: PAGE_ITEMS_MAX })
  await runPython('v3io_client.py', [webApi, ACCESS_KEY, 'aio'])
})

test('v3io-frames works with the double of framesd', async (context) => {
  const { framesd } = await startPlatform(context)
  await runPython('frames_client.py', [framesd, ACCESS_KEY])
})
