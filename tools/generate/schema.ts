import { DURATION_PATTERN } from '../../lib/config/duration.ts'
import { settings } from '../../lib/config/fields.ts'
import type { Field } from '../../lib/config/kinds.ts'
import { NUMBER_PATTERN, SIZE_PATTERN, wantedOf } from '../../lib/config/parse-value.ts'
import { TEXT_RULES } from '../../lib/config/text-formats.ts'
import { defaultText } from './default-text.ts'

/** A `$` in front: JSON, which a schema of texts cannot look into. */
const JSON_TEXT = '^\\$'

/**
 * The JSON Schema of the environment. All values are texts, as an environment has no others; the
 * bounds of numbers are told in the descriptions, and checked when the function starts.
 */
export function renderSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of the model monitoring stream function',
    $comment: 'Generated from lib/config/fields.ts by tools/generate.mjs: change it there.',
    description: 'Environment variables of the function; other names are ignored.',
    type: 'object',
    properties: Object.fromEntries(
      settings.map(({ envName, field }) => [envName, propertyOf(field)]),
    ),
    additionalProperties: true,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function propertyOf(field: Field): Readonly<Record<string, unknown>> {
  const isSecret = field.kind === 'text' && field.secret
  const example = field.kind === 'text' ? field.example : defaultText(field)
  const pattern = patternOf(field)
  return {
    type: 'string',
    description: `${field.doc} Wanted: ${wantedOf(field)}.`,
    default: defaultText(field),
    ...(example === '' ? {} : { examples: [example] }),
    ...(pattern === null ? {} : { anyOf: [{ pattern }, { pattern: JSON_TEXT }] }),
    ...(isSecret ? { writeOnly: true } : {}),
  }
}

/** What a text must match that does not begin with `$`; null for every text. */
function patternOf(field: Field): string | null {
  switch (field.kind) {
    case 'text':
      return TEXT_RULES[field.format].pattern?.source ?? null
    case 'count':
    case 'seconds':
      return blankOr(inner(NUMBER_PATTERN))
    case 'bytes':
      return blankOr(`${inner(NUMBER_PATTERN)}|${inner(SIZE_PATTERN)}`)
    case 'choice':
      return blankOr(field.choices.join('|'))
    case 'period':
      return blankOr(inner(DURATION_PATTERN))
    case 'windowList': {
      const one = `(?:${inner(DURATION_PATTERN)})`
      return blankOr(`${one}(?:\\s*,\\s*${one})*|\\[[\\s\\S]*\\]`)
    }
  }
}

/** White space around a value is dropped; white space alone counts as absent. */
function blankOr(alternatives: string): string {
  return `^\\s*(?:${alternatives})?\\s*$`
}

/** A pattern without its anchors. */
function inner(pattern: RegExp): string {
  return pattern.source.replace(/^\^/, '').replace(/\$$/, '')
}
