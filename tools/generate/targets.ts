import { dashboardFiles } from '../../dashboards/all.ts'
import { DEPLOYED, DEPLOYED_WITH_KAFKA, renderFunctionEnv } from './function-env.ts'
import { renderReadmeTable, renderSettingsPage } from './markdown.ts'
import { renderSchema } from './schema.ts'

/** A file of which all or a part is derived from a declaration: of the settings, or of the dashboards. */
export interface Target {
  readonly path: string
  /**
   * What the file must be, given what it is ('' if it does not exist); null when the file takes no
   * part. Throws with one sentence when the file has lost its markers.
   */
  readonly contentOf: (before: string) => string | null
}

/** Every generated file, by its path from the project's root. */
export const targets: readonly Target[] = [
  { path: 'docs/config.schema.json', contentOf: renderSchema },
  { path: 'docs/settings.md', contentOf: renderSettingsPage },
  functionFile('function.yaml', DEPLOYED),
  functionFile('deploy/function.kafka.yaml', DEPLOYED_WITH_KAFKA),
  {
    path: 'README.md',
    contentOf: (before) =>
      replaceBetween(
        before,
        '<!-- settings:begin -->',
        '<!-- settings:end -->',
        `\n${renderReadmeTable()}\n`,
      ),
  },
  ...dashboardFiles().map(({ path, text }) => ({ path, contentOf: () => text })),
]

/** A function file of Nuclio, whose environment is derived. */
function functionFile(path: string, deployed: ReadonlyMap<string, string>): Target {
  const [begin, end] = ['    # settings:begin', '    # settings:end']
  return {
    path,
    contentOf: (before) => {
      const after = replaceBetween(before, begin, end, renderFunctionEnv(deployed))
      if (after === null) {
        throw new Error(`${path} has no lines "# settings:begin" and "# settings:end".`)
      }
      return after
    },
  }
}

/**
 * The text with everything between the line that begins with `begin` and the line that is `end`
 * replaced; null when one of them is missing.
 */
export function replaceBetween(
  text: string,
  begin: string,
  end: string,
  content: string,
): string | null {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.startsWith(begin))
  const last = lines.findIndex((line, index) => index > first && line.startsWith(end))
  if (first < 0 || last < 0) return null
  return [...lines.slice(0, first + 1), content, ...lines.slice(last)].join('\n')
}
