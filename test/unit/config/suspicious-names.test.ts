// A misspelt name is ignored but pointed out; names of the settings themselves and names that
// belong to others are not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settings } from '../../../lib/config/fields.ts'
import { suspiciousNames } from '../../../lib/config/suspicious-names.ts'

const longNames = settings.map(({ envName }) => envName).filter((name) => name.length >= 7)

test('wrong case and wrong separators are pointed out', () => {
  for (const { name, envName } of settings) {
    const dashed = envName.replaceAll('_', '-')
    for (const given of new Set([name, envName.toLowerCase(), dashed])) {
      if (given === envName) continue
      assert.deepEqual(suspiciousNames({ [given]: '' }), [{ given, meant: envName }])
    }
  }
})

test('one letter missing, added, changed or swapped is pointed out', () => {
  fc.assert(
    fc.property(fc.constantFrom(...longNames), fc.nat(), fc.nat(3), (meant, at, edit) => {
      const index = at % (meant.length - 1)
      const [head, tail] = [meant.slice(0, index), meant.slice(index)]
      const swapped = `${head}${tail[1]}${tail[0]}${tail.slice(2)}`
      const edited = [head + tail.slice(1), `${head}Q${tail}`, `${head}Q${tail.slice(1)}`, swapped]
      const given = edited[edit] ?? ''
      if (settings.some(({ envName }) => envName === given)) return
      assert.deepEqual(suspiciousNames({ [given]: '' }), [{ given, meant }])
    }),
  )
})

test('names of the settings and of others are left alone', () => {
  const own = Object.fromEntries(settings.map(({ envName }) => [envName, '']))
  assert.deepEqual(suspiciousNames(own), [])
  const others = [
    'PATH',
    'HOME',
    'BLOCK',
    'PACK',
    'V3IO_USERNAME',
    'NUCLIO_FUNCTION_NAME',
    '',
    'ACKS',
  ]
  assert.deepEqual(suspiciousNames(Object.fromEntries(others.map((name) => [name, '']))), [])
})

test('the parameters of the function of August 2021 are pointed out', () => {
  const [found] = suspiciousNames({ MODEL_MONITORING_PARAMETERS: '{}' })
  assert.equal(found?.given, 'MODEL_MONITORING_PARAMETERS')
})
