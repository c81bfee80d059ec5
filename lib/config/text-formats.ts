/** Which texts a text setting accepts. */
export type TextFormat = 'any' | 'path-part' | 'path' | 'template' | 'directory-template' | 'store'

/** The rule of a format: a pattern for parser and schema alike, and the words for a complaint. */
export interface TextRule {
  /** Null accepts every text. */
  readonly pattern: RegExp | null
  readonly wanted: string
}

/** The rules by format. No format but `any` accepts the empty text or control characters. */
export const TEXT_RULES: Readonly<Record<TextFormat, TextRule>> = {
  any: { pattern: null, wanted: 'a text' },
  'path-part': {
    pattern: /^(?!\.{1,2}$)[^/\\]+$/,
    wanted:
      'a name that can be one part of a path (not empty, without slash or backslash, not "." or ' +
      '"..")',
  },
  path: { pattern: /\S/, wanted: 'the path of a directory' },
  template: {
    pattern: /^(?:[^{}]|\{(?:project|container)\})+$/,
    wanted: 'a path in which only {project} and {container} stand in braces',
  },
  'directory-template': {
    pattern: /^(?:v3io:\/\/)?(?!.*:\/\/)(?:[^{}]|\{(?:project|container)\})+$/,
    wanted:
      'the path of a mounted directory, or v3io://CONTAINER/PATH, in which only {project} and ' +
      '{container} stand in braces',
  },
  store: {
    pattern: /^(?:auto|v3io|postgres(?:ql)?:\/\/\S+|embedded:.+)$/,
    wanted: 'auto, v3io, postgres://USER:PASSWORD@HOST/DATABASE or embedded:DIRECTORY',
  },
}

/** Whether the text obeys the rule of its format. */
export function isFormatted(format: TextFormat, text: string): boolean {
  const { pattern } = TEXT_RULES[format]
  return pattern === null || (pattern.test(text) && !hasControlCharacter(text))
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
