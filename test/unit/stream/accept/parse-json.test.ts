// What Python servers write is read: tokens outside texts, a byte order mark, any nesting that an event
// may have. The work is linear in the body: however hostile, it ends soon and is refused.
import assert from 'node:assert'
import { test } from 'node:test'
import { isNestedAtMost, parseBody } from '../../../../lib/stream/accept/parse-json.ts'

function parsedOf(text: string): unknown {
  const parsed = parseBody(Buffer.from(text))
  assert(parsed.ok, text)
  return parsed.value
}

function reasonOf(text: string | Uint8Array): string {
  const parsed = parseBody(typeof text === 'string' ? Buffer.from(text) : text)
  return parsed.ok ? 'taken' : parsed.reason
}

function nested(depth: number, filling = ''): string {
  return '['.repeat(depth) + filling + ']'.repeat(depth)
}

test('tokens are read as values that are not finite wherever a value may stand', () => {
  const infinity = Number.POSITIVE_INFINITY
  const cases: readonly (readonly [string, unknown])[] = [
    ['NaN', infinity],
    ['[NaN,NaN]', [infinity, infinity]],
    ['[-Infinity, Infinity]', [-infinity, infinity]],
    ['{"NaN": NaN, "Infinity": "-Infinity"}', { NaN: infinity, Infinity: '-Infinity' }],
    ['{"a": "x\\\\", "b": NaN}', { a: 'x\\', b: infinity }],
    ['{"a": "\\"NaN\\"", "b": [Infinity]}', { a: '"NaN"', b: [infinity] }],
    ['[1e400]', [infinity]],
  ]
  for (const [text, expected] of cases) assert.deepEqual(parsedOf(text), expected, text)
})

test('a token that is a part of something else is not one', () => {
  for (const text of [
    '[1NaN]',
    '[2.Infinity]',
    '[1.5NaN]',
    '[NaN1]',
    '[NaNNaN]',
    '[nan]',
    '[+NaN]',
  ]) {
    assert.equal(reasonOf(text), 'not-json', text)
  }
})

test('a text that only looks like a token is left alone when another token is replaced', () => {
  const body = '{"error": "x is NaN, y is -Infinity", "microsec": NaN}'
  assert.deepEqual(parsedOf(body), {
    error: 'x is NaN, y is -Infinity',
    microsec: Number.POSITIVE_INFINITY,
  })
})

test('one byte order mark is skipped, and nothing else stands before a value', () => {
  assert.deepEqual(parsedOf('\uFEFF{"a": 1}'), { a: 1 })
  assert.deepEqual(parsedOf('\uFEFF[NaN]'), [Number.POSITIVE_INFINITY])
  assert.equal(reasonOf('\uFEFF\uFEFF{}'), 'not-json')
  assert.equal(reasonOf('\uFEFF'), 'empty-body')
})

test('a key __proto__ stays a plain key and changes no prototype', () => {
  const value = parsedOf('{"__proto__": {"model": "m"}, "n": NaN}') as Record<string, unknown>
  assert.equal(value['model'], undefined)
  assert(Object.hasOwn(value, '__proto__'))
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('in a large body lists and objects nest 32 deep at most; brackets in texts do not count', () => {
  const filling = `"${'['.repeat(20_000)}"`
  assert.equal(reasonOf(nested(32, filling)), 'taken')
  assert.equal(reasonOf(nested(33, filling)), 'too-deep')
  assert.equal(reasonOf(`["${'\\"['.repeat(10_000)}"]`), 'taken')
})

test('nesting is counted to the bound and no deeper', () => {
  for (const depth of [0, 1, 5, 32]) {
    const value: unknown = depth === 0 ? 7 : JSON.parse(nested(depth))
    assert(isNestedAtMost(value, depth), `${depth}`)
    assert(depth === 0 || !isNestedAtMost(value, depth - 1), `${depth}`)
  }
  assert(isNestedAtMost(null, 0))
  const endless: unknown[] = []
  endless.push(endless)
  assert(!isNestedAtMost(endless, 32))
})

test('texts that never end are refused after one pass, as many as there may be', () => {
  const size = 4 << 20
  // Quadratic work over 4 MB would take hours: that the test ends is the proof.
  for (const filling of ['"', '"\\', '\\', '"N', 'N', 'I', 'NaN,', '"a', '[NaN,"']) {
    const body = Buffer.alloc(size, filling)
    assert.notEqual(reasonOf(body), 'taken', filling)
    assert.notEqual(reasonOf(Buffer.concat([Buffer.from('{"a": "'), body])), 'taken', filling)
  }
})
