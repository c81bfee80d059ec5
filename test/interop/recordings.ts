import assert from 'node:assert/strict'
import { join } from 'node:path'
import { cli, write } from '../contract/cli-child.ts'

/** Events that are played. */
export interface Recording {
  readonly name: string
  readonly path: string
  /** Rows in its good events. */
  readonly rowCount: number
}

type Environment = Readonly<Record<string, string>>

const EXAMPLES = join(process.cwd(), 'examples')

/** The recordings in examples/. */
export const RECORDINGS: readonly Recording[] = [
  { name: 'events of 2021', path: join(EXAMPLES, 'events-2021.jsonl'), rowCount: 8_059 },
  { name: 'events of MLRun 1.12', path: join(EXAMPLES, 'events-1.12.jsonl'), rowCount: 2_444 },
]

const ODD_COUNT = 40
/** Some are no names on the platform, some are names of the tables' own columns. */
const ODD_NAMES = ['sepal length (cm)', 'colour', 'a-b', 'timestamp', 'endpoint_id', 'prediction']

/** Writes a recording with names, texts and labels that recorded events do not have. */
export function oddRecording(folder: string): Recording {
  const lines = Array.from(
    { length: ODD_COUNT },
    (_, index) => `${JSON.stringify(oddEvent(index))}\n`,
  )
  return { name: 'odd names and texts', path: write(folder, lines.join('')), rowCount: ODD_COUNT }
}

function oddEvent(index: number): object {
  return {
    class: 'Odd',
    model: 'odd',
    function_uri: 'demo/odd',
    endpoint_id: 'odd.id-1',
    sampling_percentage: 50,
    effective_sample_count: 1,
    labels: { "owner's name": `O'Neil, "x"`, n: 3, flag: true },
    request: {
      inputs: [[index / 7, `it's, red = "é" ${index % 3}`, index, 1, 2, 3]],
      input_schema: ODD_NAMES,
      entities: { customer: `c${index}` },
    },
    op: 'infer',
    resp: { id: `r${index}`, outputs: [index % 2 === 0 ? 'yes' : 'no'], output_schema: ['answer'] },
    when: `2026-11-02 09:${String(index).padStart(2, '0')}:00+00:00`,
    // The average is a whole number, and a float all the same.
    microsec: index % 3 === 0 ? null : 100,
    metrics: { 'm 1': index * 0.5, text: 'not a number' },
  }
}

/** Plays a recording with the built command line, to the end. */
export async function play(
  { path, rowCount }: Recording,
  { folder, env }: { readonly folder: string; readonly env: Environment },
): Promise<void> {
  const args = ['run', '--once', '--input', path, '--data', join(folder, 'data')]
  const { exitCode, stdout, stderr } = await cli(args, { cwd: folder, env })
  assert.equal(exitCode, 0, stderr)
  const count = new Intl.NumberFormat('en-US').format(rowCount)
  assert.match(stdout, new RegExp(`^rows +${count} accepted, 0 rejected, 0 late$`, 'm'))
}

/** What `endpoints --json` and `series --json` print of the store that `env` names. */
export async function printedTables({
  folder,
  env,
}: {
  readonly folder: string
  readonly env: Environment
}): Promise<{ readonly endpoints: string; readonly series: string }> {
  const print = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await cli([...args, '--json'], { cwd: folder, env })
    assert.equal(exitCode, 0, stderr)
    assert.equal(stderr, '', 'nothing is left out')
    return stdout
  }
  return {
    endpoints: await print('endpoints'),
    series: await print('series', '--limit', '1000000'),
  }
}
