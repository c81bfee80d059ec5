import { invalid, type Refusal } from '../refusal.ts'
import { isAttributeName } from '../typed-attribute.ts'
import { type Expression, FUNCTIONS, isReserved, type Reference, type Statement } from './syntax.ts'
import { type Token, tokenize } from './tokenize.ts'
import { numberOf, timeOf } from './value.ts'

// Deeper nesting would only show where the stack of this process ends.
const DEPTH_MAX = 100
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=']

/**
 * The condition in a ConditionExpression or FilterExpression, undefined when it is empty.
 *
 * @throws Refusal 400 for a fault in its syntax
 */
export function parseCondition(text: string): Expression | undefined {
  if (text.trim() === '') return undefined
  const parser = new Parser(text)
  const condition = parser.expression()
  parser.expectEnd()
  return condition
}

/**
 * The statements of an UpdateExpression; none when it is empty.
 *
 * @throws Refusal 400 for a fault in its syntax
 */
export function parseUpdate(text: string): readonly Statement[] {
  const parser = new Parser(text)
  const statements: Statement[] = []
  while (true) {
    if (parser.takeSign(';')) continue
    if (parser.isAtEnd()) return statements
    statements.push(parser.statement())
    if (!parser.isAtEnd()) parser.expectSign(';')
  }
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  isAtEnd(): boolean {
    return this.#peek().kind === 'end'
  }

  expectEnd(): void {
    if (!this.isAtEnd()) throw this.#fault()
  }

  takeSign(sign: string): boolean {
    const { kind, text } = this.#peek()
    if (kind !== 'sign' || text !== sign) return false
    this.#next++
    return true
  }

  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw this.#fault(`wanted ${sign}`)
  }

  statement(): Statement {
    if (this.#takeWord('remove')) return { kind: 'remove', names: this.#names() }
    if (this.#takeWord('delete')) {
      this.expectSign('(')
      const names = this.#names()
      this.expectSign(')')
      return { kind: 'remove', names }
    }
    this.#takeWord('set')
    const target = this.#reference()
    this.expectSign('=')
    return { kind: 'assign', target, value: this.expression() }
  }

  expression(): Expression {
    if (++this.#depth > DEPTH_MAX) throw this.#fault('nested too deeply')
    let left = this.#conjunction()
    while (this.#takeWord('or')) {
      left = { kind: 'binary', operator: 'or', left, right: this.#conjunction() }
    }
    this.#depth--
    return left
  }

  #conjunction(): Expression {
    let left = this.#negation()
    while (this.#takeWord('and')) {
      left = { kind: 'binary', operator: 'and', left, right: this.#negation() }
    }
    return left
  }

  #negation(): Expression {
    if (this.#takeWord('not')) return { kind: 'not', operand: this.#negation() }
    const left = this.#sum()
    if (this.#takeWord('in')) return { kind: 'in', operand: left, list: this.#list() }
    const operator = COMPARISONS.find((sign) => this.takeSign(sign))
    return operator === undefined ? left : { kind: 'binary', operator, left, right: this.#sum() }
  }

  #sum(): Expression {
    let left = this.#product()
    while (true) {
      const operator = ['+', '-'].find((sign) => this.takeSign(sign))
      if (operator === undefined) return left
      left = { kind: 'binary', operator, left, right: this.#product() }
    }
  }

  #product(): Expression {
    let left = this.#signed()
    while (true) {
      const operator = ['*', '/', '%'].find((sign) => this.takeSign(sign))
      if (operator === undefined) return left
      left = { kind: 'binary', operator, left, right: this.#signed() }
    }
  }

  #signed(): Expression {
    if (this.takeSign('-')) return this.#negative()
    this.takeSign('+')
    return this.#primary()
  }

  #negative(): Expression {
    const { kind, text } = this.#peek()
    if (kind !== 'number') return { kind: 'negate', operand: this.#primary() }
    this.#next++
    // With its sign, because the smallest integer has no positive counterpart.
    return { kind: 'literal', value: numberOf(`-${text}`) }
  }

  #primary(): Expression {
    if (this.takeSign('(')) {
      const inner = this.expression()
      this.expectSign(')')
      return inner
    }
    const token = this.#peek()
    const literal = literalOf(token)
    if (literal !== undefined) {
      this.#next++
      return literal
    }
    if (token.kind === 'name' && this.#tokens[this.#next + 1]?.text === '(') return this.#call()
    return this.#reference()
  }

  #call(): Expression {
    const name = this.#take().text.toLowerCase()
    const counts = FUNCTIONS.get(name)
    if (counts === undefined) throw this.#fault(`no function ${name}`)
    const parameters = this.#list()
    const [least, most] = counts
    if (parameters.length < least || parameters.length > most) {
      throw this.#fault(`${name} with ${parameters.length} parameters`)
    }
    if (/^(?:exists|if_not_exists)$/.test(name) && parameters[0]?.kind !== 'reference') {
      throw this.#fault(`${name} wants an attribute first`)
    }
    return { kind: 'call', name, parameters }
  }

  #list(): readonly Expression[] {
    this.expectSign('(')
    const list = [this.expression()]
    while (this.takeSign(',')) list.push(this.expression())
    this.expectSign(')')
    return list
  }

  #reference(): Reference {
    const name = this.#name()
    if (!this.takeSign('[')) return { kind: 'reference', name }
    const first = this.expression()
    const last = this.takeSign('..') ? this.expression() : undefined
    this.expectSign(']')
    return { kind: 'reference', name, first, ...(last === undefined ? {} : { last }) }
  }

  #names(): readonly string[] {
    const names = [this.#name()]
    while (this.takeSign(',')) names.push(this.#name())
    return names
  }

  #name(): string {
    const { kind, text } = this.#peek()
    if (kind !== 'name' && kind !== 'quoted') throw this.#fault('wanted an attribute')
    if (kind === 'name' && isReserved(text)) {
      throw this.#fault(`the reserved word ${text} needs backquotes`)
    }
    if (!isAttributeName(text)) throw this.#fault(`attribute name ${JSON.stringify(text)}`)
    this.#next++
    return text
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#peek()
    if (kind !== 'name' || text.toLowerCase() !== word) return false
    this.#next++
    return true
  }

  #peek(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]
    if (token === undefined) throw this.#fault()
    return token
  }

  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }

  #fault(reason = 'unexpected'): Refusal {
    const at = this.#tokens[this.#next]?.at ?? this.#text.length
    return invalid(`expression: ${reason} at ${JSON.stringify(this.#text.slice(at, at + 30))}`)
  }
}

function literalOf({ kind, text }: Token): Expression | undefined {
  if (kind === 'number') return { kind: 'literal', value: numberOf(text) }
  if (kind === 'text') return { kind: 'literal', value: { kind: 'text', value: text } }
  if (kind === 'time') return { kind: 'literal', value: timeOf(text) }
  if (kind !== 'name') return undefined
  const word = text.toLowerCase()
  if (word === 'true' || word === 'false') {
    return { kind: 'literal', value: { kind: 'bool', value: word === 'true' } }
  }
  // Clients in Go print the special numbers as bare words.
  return word === 'nan' || word === 'inf' ? { kind: 'literal', value: numberOf(word) } : undefined
}
