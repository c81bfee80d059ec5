import { BUCKETS_MAX } from '../../lib/config/cross-checks.ts'
import { settings } from '../../lib/config/fields.ts'
import type { Field, Group } from '../../lib/config/kinds.ts'
import { formatSize, WINDOWS_MAX } from '../../lib/config/parse-value.ts'
import { TEXT_RULES } from '../../lib/config/text-formats.ts'
import { defaultText } from './default-text.ts'

/** Headings of the groups, in the order in which they are shown. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  original: 'The 17 settings of the original',
  store: 'Store',
  spool: 'Acknowledgement and spool',
  delivery: 'Delivery',
  events: 'Events and endpoints',
  drift: 'Drift',
  reading: 'Reading over HTTP',
  process: 'Process',
}

const GROUPS = Object.keys(GROUP_TITLES) as readonly Group[]

/** The table of all settings for the README: the original's first. */
export function renderReadmeTable(): string {
  const rows = GROUPS.flatMap((group) =>
    settingsOf(group).map(({ envName, field }) => [
      codeOf(envName),
      codeOf(defaultText(field)),
      field.doc,
    ]),
  )
  return renderTable(['Setting', 'Default', 'Meaning'], rows)
}

/** The page docs/settings.md. */
export function renderSettingsPage(): string {
  return `${[INTRODUCTION, ...GROUPS.map(renderGroup), LAST_WORDS].join('\n\n')}\n`
}

const INTRODUCTION = `# Settings

<!-- Generated from lib/config/fields.ts by tools/generate.mjs: change it there. -->

Every setting is an environment variable of the function. How a value is read depends on the
declared type of its setting:

- **Text** is taken letter by letter: \`PROJECT=123\` is the text \`123\`, and an empty
  text is empty.
- **Numbers** are decimal: \`20\`, \`20.0\` and \`2e1\` are the same. Counts must be whole.
- **Sizes** are bytes, or have a unit (\`KiB\`, \`MiB\`, \`GiB\`): \`1073741824\` and \`1GiB\` are
  the same.
- **Times** such as windows and periods are a whole number with a unit: \`30s\`, \`5m\`, \`1h\`,
  \`1d\`. A period without unit is refused.
- **Lists** are separated by commas or written as JSON: \`5m,1h\` and \`["5m", "1h"]\` are the same.
- A \`$\` in front makes the rest JSON, for every setting: \`$20\`, \`$["5m", "1h"]\`, \`$"$text"\`.
  The JSON must be of the declared type, so \`$null\` is refused.
- An absent variable takes the default. So does one that holds nothing or white space, unless the
  setting is a text.

When anything is wrong the function does not start, and one error names every complaint at once.
Other names in the environment are ignored, but those that look like a misspelt setting are logged
as a warning. Secrets are shown as \`***\` wherever they would appear. The types are also in
[config.schema.json](config.schema.json), a JSON Schema of the environment.`

const LAST_WORDS = `## Settings that depend on each other

- Each window is a multiple of its period, and takes at most ${grouped(BUCKETS_MAX)} buckets of it.
- \`ACK=delivered\` needs \`ACK_WINDOW_SIZE\` of 1 or more.
- \`SPOOL_BYTES_MAX\` is at least twice \`SPOOL_SEGMENT_BYTES\`.
- \`PARQUET_OPEN_BYTES_MAX\` is at least \`PARQUET_BATCHING_BYTES_MAX\`.
- The table paths, with project and container put in, have no empty part and no \`.\` or \`..\`;
  \`TSDB_PATH_TEMPLATE\` has a container and a table.

## Coming from MLRun's function

- The function of April 2021 read any text that looked like a number as one, in every setting; here
  the declared type decides.
- The function of August 2021 took its parameters as one JSON object in
  \`MODEL_MONITORING_PARAMETERS\`, which is not read here: give each of them as a variable of its
  own, \`sample_window\` as \`SAMPLE_WINDOW\` and so on.`

function renderGroup(group: Group): string {
  const rows = settingsOf(group).map(({ envName, field }) => [
    codeOf(envName),
    codeOf(defaultText(field)),
    valuesOf(field),
    field.doc,
  ])
  const table = renderTable(['Setting', 'Default', 'Values', 'Meaning'], rows)
  return `## ${GROUP_TITLES[group]}\n\n${table}`
}

/** A table with columns of equal width, as the formatter wants it. */
function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, column) =>
    Math.max(...escaped.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const [first = '', ...others] = escaped.map((row) =>
    line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))),
  )
  return [first, line(widths.map((width) => '-'.repeat(width))), ...others].join('\n')
}

function settingsOf(group: Group): readonly (typeof settings)[number][] {
  return settings.filter(({ field }) => field.group === group)
}

function valuesOf(field: Field): string {
  switch (field.kind) {
    case 'count':
    case 'seconds':
      return `${grouped(field.min)} to ${grouped(field.max)} ${field.unit}`
    case 'bytes':
      return `${formatSize(field.min)} to ${formatSize(field.max)}`
    case 'text':
      return `${TEXT_RULES[field.format].wanted}${field.secret ? '; secret' : ''}`
    case 'choice':
      return field.choices.map((choice) => `\`${choice}\``).join(', ')
    case 'period':
      return 'a time'
    case 'windowList':
      return `1 to ${WINDOWS_MAX} times`
  }
}

/** 1000000 -> 1,000,000. */
function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

function codeOf(text: string): string {
  return text === '' ? '(empty)' : `\`${text}\``
}
