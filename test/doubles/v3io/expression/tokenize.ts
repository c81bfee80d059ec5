import { invalid } from '../refusal.ts'

/** One piece of an expression. */
export interface Token {
  /** `name` is a bare word, `quoted` one in backquotes, `end` comes last. */
  readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'time' | 'sign' | 'end'
  /** Without the quotes. */
  readonly text: string
  /** Index of its first character in the expression. */
  readonly at: number
}

const BYTES_MAX = 8 * 1024
const OPERATORS_MAX = 700

const PIECE =
  /\s*(?:(?<time>\d+:\d+)|(?<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|`(?<quoted>[^`]*)`|'(?<single>[^']*)'|"(?<double>[^"]*)"|(?<sign>==|!=|<=|>=|\.\.|[-+*/%<>=()[\],;]))/y

const WORDS = /^(?:and|or|not|in)$/i
const SIGNS = /^(?:[=!<>]=|[-+*/%<>=])$/

/**
 * Cuts an expression into its pieces; the last one is the end.
 *
 * @throws Refusal 400 for what no piece can be, a backslash, more than 8 KB or 700 operators
 */
export function tokenize(expression: string): readonly Token[] {
  if (Buffer.byteLength(expression) > BYTES_MAX) throw invalid('an expression of more than 8 KB')
  if (expression.includes('\\')) throw invalid('a backslash in an expression')
  const tokens: Token[] = []
  let operatorCount = 0
  const end = expression.trimEnd().length
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < end) {
    const at = PIECE.lastIndex
    const match = PIECE.exec(expression)
    if (match === null)
      throw invalid(`expression, at ${JSON.stringify(expression.slice(at, at + 30))}`)
    const token = tokenOf(match.groups ?? {}, at)
    if (isOperator(token)) operatorCount++
    tokens.push(token)
  }
  if (operatorCount > OPERATORS_MAX) throw invalid(`an expression with ${operatorCount} operators`)
  return [...tokens, { kind: 'end', text: '', at: end }]
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, at: number): Token {
  const { time, number, name, quoted, single, double, sign } = groups
  if (time !== undefined) return { kind: 'time', text: time, at }
  if (number !== undefined) return { kind: 'number', text: number, at }
  if (name !== undefined) return { kind: 'name', text: name, at }
  if (quoted !== undefined) return { kind: 'quoted', text: quoted, at }
  if (sign !== undefined) return { kind: 'sign', text: sign, at }
  return { kind: 'text', text: single ?? double ?? '', at }
}

function isOperator({ kind, text }: Token): boolean {
  return kind === 'sign' ? SIGNS.test(text) : kind === 'name' && WORDS.test(text)
}
