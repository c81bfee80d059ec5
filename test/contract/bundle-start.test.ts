// A function that cannot work does not start: exit code 1, so that Nuclio tries again, and one sentence
// on stderr that says what is wrong and what to do, without a stack and without a password. Shown by
// starting the bundle alone with settings that cannot work.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deploy, settingsFor } from './deployment.ts'
import { runToEnd } from './function-process.ts'

const alone = deploy({ withStore: false })
const withStore = deploy({ withStore: true })
const blocked = join(withStore.data, 'a-file')
writeFileSync(blocked, '')

interface Failure {
  readonly because: string
  readonly settings: Readonly<Record<string, string>>
  /** What the sentence has to name. */
  readonly named: readonly (string | RegExp)[]
  readonly deployment?: typeof alone
}

const FAILURES: readonly Failure[] = [
  {
    because: 'settings are wrong, and each is named',
    settings: {
      ...settingsFor(alone),
      SAMPLE_WINDOW: 'ten',
      PROJECT: '../up',
      SPOOL_BYTES_MAX: '1XB',
      AGGREGATE_COUNT_WINDOWS: '45s',
      ACK: 'delivered',
    },
    named: [
      /SAMPLE_WINDOW: given "ten", wanted /,
      /PROJECT: given "\.\.\/up", wanted /,
      /SPOOL_BYTES_MAX: given "1XB", wanted /,
      /AGGREGATE_COUNT_WINDOWS: given 45s, wanted /,
      /ACK_WINDOW_SIZE: given 0 with ACK=delivered, wanted /,
    ],
  },
  {
    because: 'a store is wrong, and its password is not shown',
    settings: { ...settingsFor(alone), STORE_URL: 'mysql://me:geheim@localhost/db' },
    named: ['STORE_URL'],
  },
  {
    because: 'held acknowledgement is asked for without the window of the trigger',
    settings: { ...settingsFor(alone), ACK: 'delivered' },
    named: ['ACK=delivered', 'ACK_WINDOW_SIZE'],
  },
  {
    because: 'there is no store',
    settings: { ...settingsFor(alone), STORE_URL: 'auto' },
    named: ['STORE_URL', 'V3IO_API'],
  },
  {
    because: 'nothing is set at all but where to write',
    settings: {
      PARQUET_PATH_TEMPLATE: join(alone.data, 'p'),
      DEAD_LETTER_PATH: join(alone.data, 'd'),
    },
    named: ['STORE_URL', 'V3IO_API'],
  },
  {
    because: 'the PostgreSQL server is not there',
    // Port 1 of the loopback address: nobody listens there.
    settings: { ...settingsFor(alone), STORE_URL: 'postgres://me:geheim@127.0.0.1:1/db' },
    named: [/PostgreSQL/, /ECONNREFUSED/],
  },
  {
    because: 'the package of the embedded store is not there',
    settings: settingsFor(alone),
    named: ['@electric-sql/pglite', 'STORE_URL=postgres://'],
  },
  {
    because: 'the Parquet folder cannot be made',
    settings: { ...settingsFor(alone), PARQUET_PATH_TEMPLATE: join(blocked, 'parquet') },
    named: [join(blocked, 'parquet')],
  },
  {
    because: 'the folder of the dead letters cannot be made',
    settings: { ...settingsFor(alone), DEAD_LETTER_PATH: join(blocked, 'letters') },
    named: [join(blocked, 'letters')],
  },
  {
    because: 'the spool cannot be made',
    settings: { ...settingsFor(withStore), SPOOL_PATH: join(blocked, 'spool') },
    named: ['SPOOL_PATH', join(blocked, 'spool')],
    deployment: withStore,
  },
]

for (const { because, settings, named, deployment = alone } of FAILURES) {
  test(`does not start when ${because}`, async () => {
    const { exitCode, signal, stderr } = await runToEnd({ deployment, settings })
    assert.deepEqual([exitCode, signal], [1, null], stderr)
    for (const name of named) {
      if (typeof name === 'string') assert(stderr.includes(name), `${name} in ${stderr}`)
      else assert.match(stderr, name)
    }
    assert.doesNotMatch(stderr, /geheim/)
    assert.doesNotMatch(stderr, /^ {4}at /m, 'no stack')
    assert.match(stderr, /^[^\n]+\.\n$/, 'one line that ends as a sentence')
  })
}
