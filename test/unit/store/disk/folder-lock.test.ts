// Claim: a folder has one owner at a time; a dead owner is told from a living one whatever became
// of its pid. Shown with lock files as other processes would leave them.
import { strict as assert } from 'node:assert'
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { lockFolder, readFolderOwner } from '../../../../lib/store/disk/folder-lock.ts'
import { livenessOf, ownIdentity } from '../../../../lib/store/disk/process-identity.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const temporary = temporaryFolder()
after(temporary.remove)

let count = 0
function newFolder(): string {
  count += 1
  return join(temporary.path, `folder ${count}`, 'deep')
}

const own = ownIdentity()
const MOVED = { ...own, pidNamespace: 'pid:[1]' } // cannot be looked up from here
const RUNNING = { ...own, released: false, facts: {} }

function leaveLock(folder: string, content: object | string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'lock-41.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('a held folder is refused with the owner and what to do, a released one is free', async () => {
  const folder = newFolder()
  const lock = await lockFolder(folder)
  lock.setFacts({ port: 8080, address: '127.0.0.1' })
  const owner = readFolderOwner(folder)
  assert.deepEqual(owner, {
    pid: process.pid,
    host: own.host,
    liveness: 'alive',
    facts: { port: 8080, address: '127.0.0.1' },
  })
  await assert.rejects(lockFolder(folder), (error: Error & { code: string }) => {
    assert.equal(error.code, 'data-folder-in-use')
    assert.match(error.message, new RegExp(`${folder}.* process ${process.pid} .*stop`))
    return true
  })
  lock.release()
  lock.release()
  assert.equal(lock.isHeld(), false)
  assert.equal(readFolderOwner(folder), undefined)
  for (let taken = 1; taken <= 5; taken++) {
    const next = await lockFolder(folder)
    assert.equal(next.number, lock.number + taken, 'each owner has a greater number')
    next.release()
  }
  assert.equal(readdirSync(folder).length, 2, 'the newest lock and the one before it')
})

test('an owner that died is followed, also when its pid went to another process', async () => {
  for (const dead of [
    { ...RUNNING, startedAt: '1' },
    { ...RUNNING, pid: 2 ** 22 + 1 }, // above the largest pid of Linux
  ]) {
    const folder = newFolder()
    leaveLock(folder, dead)
    assert.equal(readFolderOwner(folder)?.liveness, 'dead')
    const lock = await lockFolder(folder)
    assert.equal(readFolderOwner(folder)?.liveness, 'alive')
    lock.release()
  }
})

test('an owner that cannot be looked up is followed after its heartbeat stood still', async () => {
  for (const content of [{ ...RUNNING, ...MOVED }, '', '{"pid":', '[]']) {
    const folder = newFolder()
    leaveLock(folder, content)
    const lock = await lockFolder(folder, { silenceMs: 80 })
    assert.equal(lock.isHeld(), true)
    lock.release()
  }
})

test('an owner that cannot be looked up but beats is alive', async () => {
  const folder = newFolder()
  const path = leaveLock(folder, { ...RUNNING, ...MOVED })
  assert.equal(readFolderOwner(folder)?.liveness, 'unknown')
  let beats = 0
  const beat = setInterval(() => {
    beats += 1
    utimesSync(path, beats, beats)
  }, 5)
  await assert.rejects(lockFolder(folder, { silenceMs: 4_000 }), { code: 'data-folder-in-use' })
  clearInterval(beat)
})

test('an owner that was taken for dead notices', async () => {
  const folder = newFolder()
  const lock = await lockFolder(folder)
  leaveLock(folder, RUNNING)
  while (lock.isHeld()) await wait(10)
  lock.release()
  assert.equal(
    readFolderOwner(folder)?.liveness,
    'alive',
    'the lock of the other one is left alone',
  )
})

test('identities of other boots, containers and machines cannot be looked up', () => {
  assert.equal(livenessOf(own, own), 'alive')
  for (const other of [{ bootId: 'other' }, { host: 'other' }, { pidNamespace: 'other' }]) {
    assert.equal(livenessOf({ ...own, ...other }, own), 'unknown')
  }
})

test('of starters at once in one process one wins', async () => {
  const folder = newFolder()
  leaveLock(folder, { ...RUNNING, startedAt: '1' })
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => lockFolder(folder)))
  const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  assert.equal(won.length, 1)
  won[0]?.release()
})

test('a folder that cannot be one is refused', async () => {
  const file = leaveLock(newFolder(), '')
  for (const folder of [file, join(file, 'below'), '', 'nul\0', '/proc/nowhere']) {
    await assert.rejects(lockFolder(folder), { code: 'path-unusable' }, folder)
  }
  rmSync(file)
})

test('an owner that has stood still looks before it goes on, and sees that another came', async () => {
  const folder = newFolder()
  const lock = await lockFolder(folder, { silenceMs: 40 })
  assert.equal(lock.check(), true)
  const [name = ''] = readdirSync(folder)
  const number = Number(/\d+/.exec(name)?.[0])
  writeFileSync(join(folder, `lock-${number + 1}.json`), JSON.stringify(RUNNING))
  const until = Date.now() + 30
  while (Date.now() < until); // its timers stand still, as in a process that is stopped
  assert.equal(lock.check(), false)
  assert.equal(lock.isHeld(), false)
})
