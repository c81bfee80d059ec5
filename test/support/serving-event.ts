import { endpointIdOf } from '../../lib/stream/accept/endpoint-id.ts'

/** Id of the endpoint that `servingEvent` speaks of. */
export const SERVING_ID = endpointIdOf('p/f:v1', 'm:v1') ?? ''

/** An event as a model server pushes it at the test clock's start; `fields` win. */
export function servingEvent(
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    class: 'Cls',
    function_uri: 'p/f:v1',
    model: 'm',
    version: 'v1',
    when: whenAt('08:00:00'),
    microsec: 5,
    ...call('r', [[1, 2]]),
    ...fields,
  }
}

/** Request and answer of one call, by default with the prediction 1 for each row. */
export function call(
  id: string,
  inputs: readonly unknown[],
  outputs: readonly unknown[] = inputs.map(() => 1),
): { readonly request: object; readonly resp: object } {
  return { request: { id, inputs }, resp: { outputs } }
}

/** A time as servers write it. */
export function whenAt(time: string, day = '2026-11-02'): string {
  const [seconds = '', fraction = ''] = time.split('.')
  return `${day} ${seconds}.${fraction.padEnd(6, '0')}+00:00`
}
