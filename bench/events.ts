import { seededRandom } from './support.ts'

/** What the made events look like. */
export interface EventShape {
  readonly count: number
  readonly endpointCount: number
  readonly featureCount: number
}

/** 2026-11-02 08:00:00 UTC. */
export const FIRST_AT_MS = 1_793_606_400_000

/**
 * Bodies as MLRun's serving pushes them, each different, with numbers of full precision. The first
 * event of each endpoint comes in turn, the others by chance; every tenth endpoint has labels and
 * metrics.
 */
export function makeEvents({ count, endpointCount, featureCount }: EventShape): readonly Buffer[] {
  const random = seededRandom(count)
  return Array.from({ length: count }, (_, index) => {
    const endpoint = index < endpointCount ? index : Math.floor(random() * endpointCount)
    const when = new Date(FIRST_AT_MS + index * 10).toISOString().replace('T', ' ')
    const micros = String(index % 1000).padStart(3, '0')
    const id = `${(index * 2_654_435_761) % 4_294_967_296}-4a2b-9a01-${index}`
    return Buffer.from(
      JSON.stringify({
        class: 'SklearnModelServer',
        worker: 0,
        model: `model-${endpoint}`,
        version: 'v1',
        host: 'serving-0',
        function_uri: 'bench/serving:v1',
        request: { inputs: [Array.from({ length: featureCount }, random)], id },
        op: 'infer',
        resp: { id, model_name: `model-${endpoint}`, outputs: [random()], model_version: 'v1' },
        when: `${when.slice(0, 23)}${micros}+00:00`,
        microsec: 500 + Math.floor(random() * 5000),
        ...(endpoint % 10 === 0
          ? { labels: { framework: 'sklearn' }, metrics: { m: random() } }
          : {}),
      }),
    )
  })
}
