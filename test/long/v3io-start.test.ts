// Claim: what is wrong with the settings, the key or the servers of V3IO is said in one sentence that does
// not show the key; STORE_URL=auto means V3IO when its addresses are there, but for the demo.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  assertTold,
  cli,
  events,
  type Result,
  temporaryFolder,
  write,
} from '../contract/cli-child.ts'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble, type V3ioDouble } from '../doubles/v3io/v3io-double.ts'

const KEY = 'very-secret-access-key'
let v3io: V3ioDouble
let env: Readonly<Record<string, string>>
let close: () => Promise<unknown>

before(async () => {
  v3io = await startV3ioDouble({ accessKey: KEY })
  const framesd = await startFramesdDouble({ accessKey: KEY, webApiUrl: v3io.url })
  env = { V3IO_API: v3io.url, V3IO_FRAMESD: framesd.url, V3IO_ACCESS_KEY: KEY }
  close = () => Promise.all([framesd.close(), v3io.close()])
})
after(() => close())

async function run(own: Readonly<Record<string, string>>, isDemo = false): Promise<Result> {
  const cwd = temporaryFolder()
  const input = write(cwd, events(30))
  const demo = isDemo ? ['--demo'] : []
  const args = ['run', ...demo, '--once', '--input', input, '--data', 'data', '--port', '0']
  return await cli(args, { cwd, env: own })
}

test('without an address the sentence says which one and how it looks', async () => {
  assertTold(await run({ ...env, STORE_URL: 'v3io', V3IO_API: '' }), {
    exitCode: 1,
    sentences: [/needs V3IO_API, .* for example http:\/\/v3io-webapi:8081\.$/],
  })
  assertTold(await run({ ...env, V3IO_FRAMESD: '' }), {
    exitCode: 1,
    sentences: [/needs V3IO_FRAMESD, .* for example http:\/\/framesd:8080\.$/],
  })
})

test('a wrong key is told of without it, and so are addresses that lead nowhere', async () => {
  const wrong = 'wrong-and-secret-key'
  const result = await run({ ...env, V3IO_ACCESS_KEY: wrong })
  assertTold(result, { exitCode: 1, sentences: [/V3IO_ACCESS_KEY/] })
  assert(!`${result.stdout}${result.stderr}`.includes(wrong))
  assertTold(await run({ ...env, V3IO_ACCESS_KEY: 'two words' }), {
    exitCode: 1,
    sentences: [/access key holds a blank/],
  })
  assertTold(await run({ ...env, V3IO_API: 'http://127.0.0.1:9' }), {
    exitCode: 1,
    sentences: [/http:\/\/127\.0\.0\.1:9 cannot be reached/],
  })
  assertTold(await run({ ...env, V3IO_API: `http://user:${wrong}@127.0.0.1:9` }), {
    exitCode: 1,
    sentences: [/^(?!.*secret).*V3IO_API: The address holds a user or a password/],
  })
})

test('auto is V3IO when its addresses are there, and the demo stays where it is', async () => {
  const before = v3io.requests.length
  const demo = await run(env, true)
  assert.equal(demo.exitCode, 0, demo.stderr)
  assert.match(demo.stdout, /store +embedded/)
  assert.equal(v3io.requests.length, before)
  const played = await run(env)
  assert.equal(played.exitCode, 0, played.stderr)
  assert.match(played.stdout, /store +v3io/)
  assert(v3io.paths('projects', 'default/model-endpoints/endpoints').length > 0)
  const cwd = temporaryFolder()
  const listed = await cli(['endpoints', '--json'], { cwd, env })
  assert.equal(JSON.parse(listed.stdout).length, 1)
})

test('reading with a wrong key is told of as well', async () => {
  const cwd = temporaryFolder()
  const wrong = { ...env, V3IO_ACCESS_KEY: 'wrong-and-secret-key' }
  for (const command of ['endpoints', 'series']) {
    assertTold(await cli([command], { cwd, env: wrong }), {
      exitCode: 1,
      sentences: [/^(?!.*secret).*V3IO_ACCESS_KEY/],
    })
  }
})
