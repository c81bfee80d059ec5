import type { Attribute } from '../lib/stream/ports.ts'
import { countedStats, numberStats } from '../test/support/drift-data.ts'
import { type EventSource, sourcesOf } from './events.ts'
import { Random } from './random.ts'
import type { World } from './world.ts'

/** What is registered while events flow: statistics of a training set, in the record of a source's endpoint. */
export interface Registration {
  readonly atMs: number
  readonly source: number
  /** The largest number of the training set; the least is 0. */
  readonly most: number
}

/** The training sets of a run. */
export interface Training {
  readonly later: readonly Registration[]
}

/** Of so many seeds one has training sets. */
const TRAINING_EVERY = 5
const FIRST_SEED = 4
/** Sources whose record has statistics before the first event, and their columns. */
const BEFORE = new Map([
  [0, { columns: ['m', 's', 't'], label: 'y', most: 60 }],
  [3, { columns: ['u', 'v', 't'], label: 'p0', most: 60 }],
])
/** One that gets them later goes by names that were made up. */
const MADE_UP = { columns: ['f0', 'f1', 'f2'], label: 'p0' }
/** Texts that the training sets have. */
export const KNOWN_TEXTS: readonly string[] = ['red', 'blue']
/** Predictions of the training sets; those of events are 1. */
export const LABEL_RANGE: readonly [number, number] = [2, 3]

/** What a seed registers; null for none. Drawn apart, so that other seeds stay as they are. */
export function trainingOf(seed: number): Training | null {
  if (seed % TRAINING_EVERY !== FIRST_SEED) return null
  const random = new Random(seed)
  const at = (): number => random.integer(500, 15_000)
  return {
    later: [
      { atMs: at(), source: 2, most: random.pick([40, 90]) },
      ...(random.chance(0.5) ? [{ atMs: at(), source: 3, most: random.pick([30, 120]) }] : []),
      ...(random.chance(0.3) ? [{ atMs: at(), source: 2, most: 61 }] : []),
    ],
  }
}

/** Names of a source's columns, in their order, and of its prediction. */
export function columnsOf(source: number): {
  readonly columns: readonly string[]
  readonly label: string
} {
  return BEFORE.get(source) ?? MADE_UP
}

function statsOf(source: number, most: number): Attribute {
  const { columns, label } = columnsOf(source)
  const [first = '', second = '', text = ''] = columns
  const counts = new Map(KNOWN_TEXTS.map((one) => [one, 2]))
  const stats = {
    [first]: numberStats([0, 1, most], true),
    [second]: numberStats([0, 1, most / 2], true),
    [text]: countedStats(counts, 2 * counts.size),
    [label]: numberStats(LABEL_RANGE, true),
  }
  return { type: 'string', value: JSON.stringify(stats) }
}

/** What a record says of a training set before the first event; null for a source without. */
export function attributesBefore(source: number): ReadonlyMap<string, Attribute> | null {
  const known = BEFORE.get(source)
  if (known === undefined) return null
  const names: Attribute = { type: 'string', value: JSON.stringify(known.columns) }
  const attributes = new Map([
    ['feature_names', names],
    ['feature_stats', statsOf(source, known.most)],
  ])
  // The other one's predictions go by a name that is made up.
  if (source === 0) attributes.set('label_names', { type: 'string', value: '["y"]' })
  return attributes
}

/** Registers what the run says at its time; whoever has the endpoint is told of it, or finds it by himself. */
export function beginRegistrations(
  world: World,
  projects: readonly string[],
  learn: (endpointId: string) => void,
): void {
  for (const { atMs, source, most } of world.scenario.training?.later ?? []) {
    world.scheduler.after(atMs, () => {
      for (const project of projects) {
        const id = sourceAt(project, source).endpointId
        const item = world.store.memory.items.get(id) ?? new Map<string, Attribute>()
        item.set('feature_stats', statsOf(source, most))
        world.store.memory.items.set(id, item)
        world.faults.count('training set registered')
        world.tell(`${id} has a training set`)
        learn(id)
      }
    })
  }
}

/** A source of a project where there are training sets. */
export function sourceAt(project: string, index: number): EventSource {
  const [first, ...others] = sourcesOf(project, { hasTraining: true })
  return others[index - 1] ?? first
}
