// Claim: `resource/` holds what `dashboards/` says and nothing else, and none of it is broken in a way that Grafana
// shows only when somebody looks: ids, places, links, names of data sources, titles that a table's settings name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dashboardFiles } from '../../../dashboards/all.ts'
import { resourceFiles } from '../../support/dashboards/resource.ts'

const files = resourceFiles()

test('the files are those that are generated', () => {
  const generated = dashboardFiles().map(({ path }) => path)
  assert.deepEqual(
    files.map(({ path }) => path),
    generated.sort(),
  )
  assert(generated.length >= 4 * 4)
})

test('uids are unique, and those of the original where its links have them', () => {
  const uids = files.map(({ dashboard }) => dashboard.uid)
  assert.equal(new Set(uids).size, uids.length)
  const original = new Map(files.map(({ path, dashboard }) => [path, dashboard.uid]))
  assert.equal(original.get('resource/overview.json'), 'g0M4uh0Mz')
  assert.equal(original.get('resource/details.json'), 'AohIXhAMk')
  assert.equal(original.get('resource/performance.json'), '9CazA-UGz')
})

for (const { path, family, dashboard } of files) {
  test(`${path}: panels have ids and places of their own, and links lead somewhere`, () => {
    const ids = dashboard.panels.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    assert(ids.every((id) => Number.isInteger(id) && id > 0))
    for (const [index, { gridPos: a, title }] of dashboard.panels.entries()) {
      assert(a.x >= 0 && a.x + a.w <= 24, title)
      for (const { gridPos: b } of dashboard.panels.slice(index + 1)) {
        const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        assert(isApart, `${title} lies over another panel`)
      }
    }
    const text = JSON.stringify(dashboard)
    assert.doesNotMatch(text, /\uFEFF/, 'no byte order mark')
    const uids = new Set(
      files.filter((one) => one.family === family).map((one) => one.dashboard.uid),
    )
    const linked = [...text.matchAll(/\/d\/([^/"]+)\//g)].map(([, uid = '']) => uid)
    assert(linked.length > 0)
    for (const uid of linked) assert(uids.has(uid), `a link leads to ${uid}`)
  })

  test(`${path}: sources are named by name, or chosen`, () => {
    const { panels, templating } = dashboard
    const queried = templating.list.filter(({ type }) => type === 'query')
    const sources = [...panels, ...panels.flatMap(({ targets }) => targets), ...queried].map(
      ({ datasource }) => datasource,
    )
    for (const source of sources) {
      if (family === 'mlrun-api') assert(source === 'mlrun-api' || source === 'iguazio')
      else assert.equal((source as { readonly uid?: string }).uid, '$' + '{DS}')
    }
    const choosers = templating.list.filter(({ type }) => type === 'datasource')
    assert.equal(choosers.length, family === 'mlrun-api' ? 0 : 1)
  })

  test(`${path}: every panel is of a kind that Grafana has without Angular, and says what it shows`, () => {
    for (const panel of dashboard.panels) {
      assert.match(panel.type, /^(?:stat|table|timeseries|state-timeline)$/)
      // Infinity and SQL give all series as one table: a series has gaps where the others have points.
      const { custom } = panel.fieldConfig.defaults
      if (/^(?:timeseries|state-timeline)$/.test(panel.type)) assert.equal(custom?.spanNulls, true)
      assert('description' in panel && panel.title !== '' && panel.targets.length > 0)
      const refIds = panel.targets.map(({ refId }) => refId)
      assert.equal(new Set(refIds).size, refIds.length)
    }
  })
}
