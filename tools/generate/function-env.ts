import { settings } from '../../lib/config/fields.ts'
import type { Field } from '../../lib/config/kinds.ts'
import { defaultText } from './default-text.ts'
import { GROUP_TITLES } from './markdown.ts'

/** Kubernetes secret that holds the settings which must not be shown. */
const SECRET_NAME = 'model-monitoring'
const INDENT = '    '
const LINE_CHARS_MAX = 100

/**
 * What the shipped function has other than the defaults: its stream trigger leaves the acknowledgement to the
 * function, so that nothing depends on a disk.
 */
export const DEPLOYED: ReadonlyMap<string, string> = new Map([
  ['ACK', 'delivered'],
  ['ACK_WINDOW_SIZE', '10000'],
])

/** Likewise of deploy/function.kafka.yaml, whose Parquet files lie on a volume of their own. */
export const DEPLOYED_WITH_KAFKA: ReadonlyMap<string, string> = new Map([
  ...DEPLOYED,
  ['PARQUET_PATH_TEMPLATE', '/var/lib/parquet/{project}/model-endpoints'],
])

/**
 * The entries of `spec.env` in function.yaml: every setting with its default, but for `deployed`. Secrets come from a
 * Kubernetes secret. What is empty by default is only shown, so that it does not hide a variable
 * that the platform sets for all functions.
 */
export function renderFunctionEnv(deployed: ReadonlyMap<string, string> = DEPLOYED): string {
  const lines: string[] = []
  let group = ''
  for (const { envName, field } of settings) {
    if (field.group !== group) {
      if (group !== '') lines.push('')
      lines.push(`# ${GROUP_TITLES[field.group]}.`)
      group = field.group
    }
    lines.push(...commentOf(field.doc), ...entryOf(envName, field, deployed))
  }
  return lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n')
}

function entryOf(
  envName: string,
  field: Field,
  deployed: ReadonlyMap<string, string>,
): readonly string[] {
  const head = `- name: ${envName}`
  if (field.kind === 'text' && field.secret) {
    const key = envName.toLowerCase().replaceAll('_', '-')
    return [
      head,
      '  valueFrom:',
      '    secretKeyRef:',
      `      name: ${SECRET_NAME}`,
      `      key: ${key}`,
      '      optional: true',
    ]
  }
  const value = deployed.get(envName) ?? defaultText(field)
  if (value !== '') return [head, `  value: ${quoted(value)}`]
  const example = field.kind === 'text' ? field.example : ''
  return [`# ${head}`, `#   value: ${quoted(example)}`]
}

/** Always quoted: the environment takes only texts, and 10 or {x} would be something else. */
function quoted(text: string): string {
  return JSON.stringify(text) // YAML reads a JSON text as it is
}

/** Comment lines that fit the page. */
function commentOf(sentence: string): readonly string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of sentence.split(' ')) {
    if (INDENT.length + line.length + 1 + word.length > LINE_CHARS_MAX) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
