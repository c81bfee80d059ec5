// An id that comes with an event becomes a part of paths: only harmless names pass. The hash itself is
// compared with the original's in recorded-events.test.ts.
import assert from 'node:assert'
import { test } from 'node:test'
import { endpointIdOf, isSafeEndpointId } from '../../../../lib/stream/accept/endpoint-id.ts'

test('ids that could leave their folder, end a line or be too long are not safe', () => {
  for (const id of [
    'a',
    'A-b_c.9',
    '...',
    '.hidden',
    '9c1a0f0e4d3b4f6c8a0d1e2f3a4b5c6d',
    'x'.repeat(128),
  ]) {
    assert(isSafeEndpointId(id), id)
  }
  for (const id of [
    '',
    '.',
    '..',
    'a/b',
    'a\\b',
    'a b',
    'a\n',
    'a\u0000',
    'é',
    'x'.repeat(129),
    '%2e',
  ]) {
    assert(!isSafeEndpointId(id), JSON.stringify(id))
  }
})

test('nothing is trimmed, and an empty version or tag is none', () => {
  assert.equal(endpointIdOf('p/f', 'm:'), endpointIdOf('p/f', 'm'))
  assert.equal(endpointIdOf('p/f:', 'm'), endpointIdOf('p/f', 'm'))
  assert.notEqual(endpointIdOf('p/f', ' m'), endpointIdOf('p/f', 'm'))
  assert.notEqual(endpointIdOf('p/f', 'm:v:1'), endpointIdOf('p/f', 'm:v'))
  for (const uri of ['', '/', 'p', 'p/', '/f', 'p/:t', 'p/@h'])
    assert.equal(endpointIdOf(uri, 'm'), null)
})
