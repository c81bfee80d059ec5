import { join } from 'node:path'
import wasmPath from 'parquet-wasm/esm/parquet_wasm_bg.wasm'
import { readTrainingSet } from '../lib/register/read-training-set.ts'
import type { EndpointName, Registration } from '../lib/register/registration.ts'

/** The models whose events the demo plays, as these name them, with their training sets in examples/. */
const MODELS: readonly (EndpointName & { readonly file: string })[] = [
  {
    file: 'train-cancer.csv',
    functionUri: 'demo/cancer-serving:prod@5e884898da28047151d0e56f8dc62927',
    model: 'cancer',
    version: '2',
  },
  {
    file: 'train-diabetes.csv',
    functionUri: 'demo/diabetes-serving',
    model: 'diabetes',
    version: 'v3',
  },
  { file: 'train-iris.csv', functionUri: 'demo/iris-serving', model: 'iris', version: 'v1' },
  { file: 'train-wine.csv', functionUri: 'demo/wine-serving:latest', model: 'wine', version: '' },
]

/**
 * What is registered before the demo's events are played, so that their drift is measured.
 *
 * @throws StreamError `bad-input-file`
 */
export async function demoRegistrations(folder: string): Promise<readonly Registration[]> {
  const wasmFile = join(__dirname, wasmPath)
  return await Promise.all(
    MODELS.map(async ({ file, ...name }) => {
      const options = { labelColumns: ['label'], wasmFile }
      return { name, profile: await readTrainingSet(join(folder, file), options) }
    }),
  )
}
