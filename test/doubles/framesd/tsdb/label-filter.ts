// Filters of reads and deletes: conditions on labels, such as `a=='x' AND (b IN ('y','z'))`.
import { Refusal } from '../refusal.ts'

/** Whether a series of these attributes (its labels, and the metric as `_name`) is wanted. */
export type LabelFilter = (attributes: ReadonlyMap<string, string>) => boolean

const TOKEN = /\s*(?:'([^']*)'|"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*)|(==|!=|<=|>=|<|>|[(),]))/y

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string }

/** Understands a filter; the empty one wants all. Throws Refusal for one it does not understand. */
export function parseFilter(filter: string): LabelFilter {
  if (filter.trim() === '') return () => true
  const parser = new FilterParser(filter, tokensOf(filter))
  return parser.whole()
}

function tokensOf(filter: string): readonly Token[] {
  const tokens: Token[] = []
  const source = filter.trimEnd()
  const pattern = new RegExp(TOKEN)
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source)
    if (match === null) throw new Refusal(`bad filter: ${filter}`)
    const [, single, double, word, sign] = match
    const text = single ?? double
    if (text !== undefined) tokens.push({ kind: 'text', text })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else tokens.push({ kind: 'sign', text: sign ?? '' })
  }
  return tokens
}

class FilterParser {
  readonly #filter: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(filter: string, tokens: readonly Token[]) {
    this.#filter = filter
    this.#tokens = tokens
  }

  whole(): LabelFilter {
    const filter = this.#either()
    if (this.#at < this.#tokens.length) throw this.#bad()
    return filter
  }

  #either(): LabelFilter {
    let left = this.#both()
    while (this.#takeWord('OR')) {
      const [first, second] = [left, this.#both()]
      left = (attributes) => first(attributes) || second(attributes)
    }
    return left
  }

  #both(): LabelFilter {
    let left = this.#one()
    while (this.#takeWord('AND')) {
      const [first, second] = [left, this.#one()]
      left = (attributes) => first(attributes) && second(attributes)
    }
    return left
  }

  #one(): LabelFilter {
    if (this.#takeWord('NOT')) {
      const inner = this.#one()
      return (attributes) => !inner(attributes)
    }
    if (this.#takeSign('(')) {
      const inner = this.#either()
      this.#demandSign(')')
      return inner
    }
    const word = this.#take('word')
    if (this.#takeSign('(')) return this.#call(word.toLowerCase())
    return this.#comparison(word)
  }

  #call(name: string): LabelFilter {
    const label = this.#take('word')
    if (name === 'exists') {
      this.#demandSign(')')
      return (attributes) => attributes.has(label)
    }
    this.#demandSign(',')
    const part = this.#take('text')
    this.#demandSign(')')
    switch (name) {
      case 'starts':
        return (attributes) => attributes.get(label)?.startsWith(part) ?? false
      case 'ends':
        return (attributes) => attributes.get(label)?.endsWith(part) ?? false
      case 'contains':
        return (attributes) => attributes.get(label)?.includes(part) ?? false
      default:
        throw this.#bad()
    }
  }

  /** A condition on a label that a series does not have is false, `!=` too. */
  #comparison(label: string): LabelFilter {
    if (this.#takeWord('IN')) {
      const wanted = this.#list()
      return (attributes) => wanted.has(attributes.get(label))
    }
    const sign = this.#take('sign')
    const text = this.#take('text')
    const compare = comparisons.get(sign)
    if (compare === undefined) throw this.#bad()
    return (attributes) => {
      const value = attributes.get(label)
      return value !== undefined && compare(value, text)
    }
  }

  #list(): ReadonlySet<unknown> {
    const wanted = new Set<unknown>()
    this.#demandSign('(')
    do wanted.add(this.#take('text'))
    while (this.#takeSign(','))
    this.#demandSign(')')
    return wanted
  }

  #take(kind: Token['kind']): string {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) throw this.#bad()
    this.#at += 1
    return token.text
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at]
    const found = token?.kind === 'word' && token.text.toUpperCase() === word
    if (found) this.#at += 1
    return found
  }

  #takeSign(sign: string): boolean {
    const token = this.#tokens[this.#at]
    const found = token?.kind === 'sign' && token.text === sign
    if (found) this.#at += 1
    return found
  }

  #demandSign(sign: string): void {
    if (!this.#takeSign(sign)) throw this.#bad()
  }

  #bad(): Refusal {
    return new Refusal(`bad filter: ${this.#filter}`)
  }
}

const comparisons: ReadonlyMap<string, (value: string, text: string) => boolean> = new Map([
  ['==', (value, text) => value === text],
  ['!=', (value, text) => value !== text],
  ['<', (value, text) => value < text],
  ['<=', (value, text) => value <= text],
  ['>', (value, text) => value > text],
  ['>=', (value, text) => value >= text],
])
