// Both doubles for a person who wants to try the V3IO store: npm run v3io:double [-- --port N]
import { parseArgs } from 'node:util'
import { startFramesdDouble } from './framesd/framesd-double.ts'
import { startV3ioDouble } from './v3io/v3io-double.ts'

const ACCESS_KEY = 'any-access-key'
const PORT = 8081

const { values } = parseArgs({ options: { port: { type: 'string', default: String(PORT) } } })
const port = Number(values.port)
const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY, port })
const framesd = await startFramesdDouble({
  accessKey: ACCESS_KEY,
  port: port === 0 ? 0 : port + 1,
  webApiUrl: v3io.url,
})

console.log(`The doubles of V3IO and framesd are running, everything in memory, until Ctrl-C.
In another shell:

  export STORE_URL=v3io V3IO_API=${v3io.url} V3IO_FRAMESD=${framesd.url} V3IO_ACCESS_KEY=${ACCESS_KEY}
  npm run demo -- --once
  node dist/cli.js endpoints
  node dist/cli.js series --metric predictions_per_second`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await framesd.close()
    await v3io.close()
  })
}
