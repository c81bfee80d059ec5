// Claim: every text becomes a name that the platform takes, names that it takes stay as they are, and
// two texts never become one name.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  attributeName,
  numberMetricName,
  textMetricName,
} from '../../../../lib/store/v3io/safe-name.ts'

const rules = [
  { name: 'attribute', rule: attributeName, pattern: /^(?!__)[A-Za-z_][A-Za-z0-9_]{0,254}$/ },
  {
    name: 'metric',
    rule: numberMetricName,
    pattern: /^(?!.*_text$)[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/,
  },
]

/** Texts that are likely to become alike. */
const anyText = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', '_text', '_', '-', ' ', '.', '1', 'é', '😀', '\ud83d', ':'),
  }),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 190, maxLength: 300, unit: fc.constantFrom('a', '_') }),
)

for (const { name, rule, pattern } of rules) {
  test(`any text becomes an ${name} name, and a name stays what it is`, () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.match(rule(text), pattern)
        if (pattern.test(text)) assert.equal(rule(text), text)
        assert.equal(rule(rule(text)), rule(text))
      }),
    )
  })

  test(`two texts never become one ${name} name`, () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 40 }), (texts) => {
        assert.equal(new Set(texts.map(rule)).size, texts.length)
      }),
    )
  })
}

test('numbers and texts never share a name', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyText, { maxLength: 40 }), (texts) => {
      const names = texts.flatMap((text) => [numberMetricName(text), textMetricName(text)])
      assert.equal(new Set(names).size, 2 * texts.length)
    }),
  )
})

test('names that people will see', () => {
  assert.equal(attributeName('a-b'), 'a_b_34fafddd')
  assert.equal(numberMetricName('sepal length (cm)'), 'sepal_length__cm__60a05dbe')
  assert.equal(attributeName('__proto__'), '_proto___f6a20f54')
  assert.equal(numberMetricName('__proto__'), '__proto__')
  assert.equal(numberMetricName('0'), '_0_b6589fc6')
  assert.equal(textMetricName('prediction'), 'prediction_text')
  assert.equal(numberMetricName('a_text'), 'a_text_c4fd88fe')
})
