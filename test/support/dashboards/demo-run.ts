import assert from 'node:assert/strict'
import { finished, heard, start } from '../../contract/cli-child.ts'
import type { AskHttp, Choice } from './ask-panel.ts'
import type { DemoExpected } from './demo-expected.ts'
import { asSeen, type DemoFacts, EXPECTED } from './expected-panels.ts'
import { type Frame, shownBy } from './frames.ts'
import { type Panel, type ResourceFile, resourceFiles } from './resource.ts'
import { assertSameShown, type Shown } from './shown.ts'

/** The demo's whole time, in a panel of 900 pixels. */
export const CHOICE: Choice = {
  project: 'demo',
  model: '',
  fromMs: Date.parse('2026-11-02T08:00:00Z'),
  toMs: Date.parse('2026-11-02T10:30:00Z'),
  pointsMax: 900,
}

/** Panels that show single values, where a family can. */
export const STEPPED = /^(?:drift\/2|overview\/21)$/
/** Of the model whose events are batches: when its panes are measured, some of their rows may not have come. */
const BATCHED = { model: 'diabetes:v3', unsure: /^(?:performance\/5|drift\/[346])$/ }
/** Of the overview once, of the others for each of the four models, less what is not sure of one. */
export const PANELS = 10 + 4 * (4 + 6 + 6) - 4

/** The function after it has played the demo, as it serves. */
export interface DemoRun {
  readonly facts: DemoFacts
  readonly ask: AskHttp
  readonly text: (path: string) => Promise<string>
  /** May be called twice. */
  readonly stop: () => Promise<void>
}

/** Plays the demo with the built command line and goes on serving. */
export async function runDemo(
  demo: DemoExpected,
  { data, env = {} }: { readonly data: string; readonly env?: Readonly<Record<string, string>> },
): Promise<DemoRun> {
  const args = ['run', '--demo', '--data', data, '--port', '0']
  const child = start(args, { cwd: '.', env: { PROJECT: 'demo', ...env } })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
  const text = async (path: string, init: RequestInit = {}): Promise<string> => {
    const response = await fetch(`${url}${path}`, init)
    const answer = await response.text()
    assert.equal(response.status, 200, `${path}: ${answer}`)
    return answer
  }
  return {
    facts: factsOf(told, demo),
    ask: async (path, body) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      return JSON.parse(await text(path, init))
    },
    text,
    stop: async () => {
      child.kill('SIGINT')
      await ended
    },
  }
}

/** Alarms are decided at each full hour; the summary tells of those that stand at the end. */
function factsOf(told: string, demo: DemoExpected): DemoFacts {
  const summary = /^(\S+) has drifted since 2026-11-02 09:00 UTC: (.*)$/m.exec(told)
  const [, model = '', names = ''] = summary ?? []
  const count = names.split(' sigma').length - 1
  assert(count > 0, told)
  const first = Date.parse('2026-11-02T08:05:00Z')
  const alarm = [Date.parse('2026-11-02T10:00:00Z'), count] as const
  const alarmed = demo.ids.map((id) => {
    return [id, demo.modelOf(id) === model ? [[first, 0] as const, alarm] : [[first, 0] as const]]
  })
  return { alarmed: new Map(alarmed as [string, [number, number][]][]) }
}

/** How the panels of a family are asked. */
export interface AskFamily {
  readonly ask: (panel: Panel, choice: Choice) => Promise<readonly Frame[]>
  /** Length of the spans of means of a panel; null for single values. */
  readonly spanOf: (key: string) => number | null
  /** What a store makes of a series' name. Default: nothing. */
  readonly storedName?: (name: string) => string
}

/**
 * Holds every panel of a family, for every endpoint, against what is expected of the demo. A panel of which
 * nothing is expected fails.
 *
 * @returns  how many were held
 */
export async function checkFamily(
  family: string,
  { demo, facts }: { readonly demo: DemoExpected; readonly facts: DemoFacts },
  { ask, spanOf, storedName = (name) => name }: AskFamily,
): Promise<number> {
  let count = 0
  for (const file of resourceFiles().filter((one) => one.family === family)) {
    for (const panel of file.dashboard.panels) {
      const key = `${file.name}/${panel.id}`
      const expect = EXPECTED[key]
      assert(expect, `${file.path}: nothing is expected of ${panel.title}`)
      for (const id of hasModel(file) ? demo.ids : ['']) {
        if (BATCHED.unsure.test(key) && demo.modelOf(id) === BATCHED.model) continue
        const found = shownBy(panel, await ask(panel, { ...CHOICE, model: id }))
        const span = spanOf(key)
        // Sources name a span by its beginning or by its first value.
        const expected = asSeen(renamed(expect(demo, id, facts), storedName), span)
        assertSameShown(asSeen(found, span), expected, `${file.path}: ${panel.title} of ${id}`)
        count++
      }
    }
  }
  return count
}

function renamed(shown: Shown, storedName: (name: string) => string): Shown {
  if (shown.kind !== 'series') return shown
  const series = [...shown.series].map(([name, points]) => [storedName(name), points] as const)
  return { kind: 'series', series: new Map(series) }
}

/** Whether a dashboard is of one endpoint. */
export function hasModel({ dashboard }: ResourceFile): boolean {
  return dashboard.templating.list.some(({ name }) => name === 'MODEL')
}
