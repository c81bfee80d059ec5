// What ends the process and what does not, under the wrapper: a failed assertion ends it with exit
// code 1 before an answer (so that the event comes again), a failed init likewise; signals only
// flush.
import assert from 'node:assert/strict'
import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { buildFixtures, temporaryFolder } from './support/fixtures.ts'
import { bodyOf, eventLine, startProcessor } from './support/processor.ts'

let fixtures: Awaited<ReturnType<typeof buildFixtures>>
before(async () => {
  fixtures = await buildFixtures()
})

function start(env: Record<string, string> = {}, waits = true) {
  const { wrapper, app: file } = fixtures
  return startProcessor({ wrapper, file, env, waits })
}

for (const body of ['assert', 'assert-later']) {
  test(`a failed assertion ends the process without an answer: ${body}`, async () => {
    const { socket, exited, nextOf, stderr } = await start()
    socket.write(eventLine(body))
    assert.deepEqual(await exited, { exitCode: 1, signal: null })
    await assert.rejects(nextOf('r'), 'no response line')
    assert.match(stderr(), /An assertion failed in the handler; the process ends\. AssertionError/)
  })
}

test('any other throw or rejection is answered, and the process lives on', async () => {
  const { socket, nextOf, stop } = await start()
  for (const body of ['throw', 'reject']) {
    socket.write(eventLine(body))
    assert.match(await nextOf('r'), /The handler failed.*"status_code":500/)
  }
  socket.write(eventLine('hello'))
  assert.equal(bodyOf(await nextOf('r')), 'ok hello')
  await stop()
})

test('a failed init ends the process with one sentence and what was logged before', async () => {
  const { exited, stderr } = await start({ APP_INIT: 'fail' }, false).catch((error: Error) => ({
    exited: Promise.resolve({ exitCode: 1, signal: null }),
    stderr: () => error.message,
  }))
  assert.deepEqual(await exited, { exitCode: 1, signal: null })
  assert.match(
    stderr(),
    /info: init runs\nnuclio-sdk-ts: The function's init failed; .* Error: no database/,
  )
})

test('the line logged in init reaches Nuclio with the first event', async () => {
  const { socket, nextOf, passed, stop } = await start()
  socket.write(eventLine('log'))
  await nextOf('r')
  const messages = passed
    .filter((line) => line.startsWith('l'))
    .map((line) => JSON.parse(line.slice(1)))
  assert.deepEqual(
    messages.map(({ level, message }) => [level, message]),
    [
      ['info', 'init runs'],
      ['warning', 'a warning'],
    ],
  )
  assert.deepEqual(messages[1].with, { big: '1' })
  await stop()
})

/** Resolves when the journal holds `text`. */
async function journalHolds(path: string, text: string): Promise<void> {
  const watcher = watch(join(path, '..'))
  await new Promise<void>((resolve) => {
    const look = () => {
      if (readFileSync(path, 'utf8').includes(text)) resolve()
    }
    watcher.on('change', look)
    look()
  })
  watcher.close()
}

test('signals flush and leave the process alive', async () => {
  const journal = join(temporaryFolder(), 'journal')
  const { child, socket, nextOf, stop } = await start({ APP_JOURNAL: journal })
  socket.write(eventLine('first')) // init is done when it is answered
  await nextOf('r')
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    child.kill('SIGCONT')
    child.kill(signal)
    await journalHolds(journal, `flush ${signal}`)
    socket.write(eventLine(`after ${signal}`))
    assert.equal(bodyOf(await nextOf('r')), `ok after ${signal}`)
  }
  await stop()
})

test('SIGTERM flushes; only our own wrapper then ends the process', async () => {
  const journal = join(temporaryFolder(), 'journal')
  const { child, socket, nextOf, exited } = await start({ APP_JOURNAL: journal })
  socket.write(eventLine('first'))
  await nextOf('r')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { exitCode: 0, signal: null })
  assert.match(readFileSync(journal, 'utf8'), /flush SIGTERM/)
})

test('signals that overlap share a flush, which is told to stop after 4 s', async () => {
  const journal = join(temporaryFolder(), 'journal')
  const { child, socket, nextOf, exited } = await start({ APP_JOURNAL: journal, APP_FLUSH: 'slow' })
  socket.write(eventLine('first'))
  await nextOf('r')
  child.kill('SIGUSR2')
  await nextOf('l{') // 'flush begins'
  child.kill('SIGUSR2')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { exitCode: 0, signal: null })
  const notes = readFileSync(journal, 'utf8').split('\n')
  assert.deepEqual(
    notes.filter((note) => note.startsWith('flush')),
    ['flush SIGUSR2'],
  )
})
