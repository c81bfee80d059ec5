// The paths of the three sinks come from their templates: project and container are put in once,
// letter by letter, and slashes at the ends do not matter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseConfig } from '../../../lib/config/parse.ts'
import { kvPath, parquetPath, tsdbPath } from '../../../lib/config/paths.ts'
import { complaintsOf } from './complaints.ts'

test('the defaults are the paths of the original', () => {
  const config = parseConfig({ PROJECT: 'fraud' })
  assert.equal(kvPath(config), 'fraud/model-endpoints/endpoints')
  assert.deepEqual(tsdbPath(config), {
    container: 'projects',
    table: '/fraud/model-endpoints/events',
  })
  assert.equal(parquetPath(config), '/v3io/projects/fraud/model-endpoints/parquet')
})

test('the paths of MLRun from 0.7 on can be given', () => {
  const config = parseConfig({
    PROJECT: 'fraud',
    CONTAINER: 'users',
    KV_PATH_TEMPLATE: '/pipelines/{project}/model-endpoints/endpoints/',
    TSDB_PATH_TEMPLATE: '{container}/pipelines/{project}/model-endpoints/events/',
    PARQUET_PATH_TEMPLATE: '/v3io/projects/{project}/model-endpoints/parquet/',
  })
  assert.equal(kvPath(config), 'pipelines/fraud/model-endpoints/endpoints')
  assert.deepEqual(tsdbPath(config), {
    container: 'users',
    table: '/pipelines/fraud/model-endpoints/events',
  })
  assert.equal(parquetPath(config), '/v3io/projects/fraud/model-endpoints/parquet')
})

test('braces and dollars in a name are letters', () => {
  const config = parseConfig({ PROJECT: '{container}', CONTAINER: '$"$&$1"' })
  assert.equal(kvPath(config), '{container}/model-endpoints/endpoints')
  assert.equal(tsdbPath(config).container, '$&$1')
})

test('no project or container that is accepted leads out of its place', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (project, container) => {
      const env = {
        PROJECT: `$${JSON.stringify(project)}`,
        CONTAINER: `$${JSON.stringify(container)}`,
      }
      if (complaintsOf(env).length > 0) return
      const config = parseConfig(env)
      assert.deepEqual(kvPath(config).split('/'), [project, 'model-endpoints', 'endpoints'])
      assert.deepEqual(tsdbPath(config), { container, table: `/${project}/model-endpoints/events` })
      assert.ok(!parquetPath(config).split('/').includes('..'))
    }),
  )
})

test('the root stays the root', () => {
  assert.equal(parquetPath({ ...parseConfig({}), parquetPathTemplate: '/' }), '/')
})
