// A message is the same wherever the end of the writer's buffer lies: what was written into a nested field stays
// when the buffer grows as its length is put before it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtobufWriter } from '../src/protobuf-writer.ts'

function written(firstBytes: number, before: number, inside: number): string {
  const writer = new ProtobufWriter(firstBytes)
  for (let count = 0; count < before; count++) writer.byte(1)
  writer.nested(9, () => {
    for (let count = 0; count < inside; count++) writer.byte(2)
  })
  return writer.finish().toString('hex')
}

test('a nested field is whole wherever the buffer ends', () => {
  for (const inside of [0, 1, 5, 127, 128, 300]) {
    for (let before = 0; before <= 40; before++) {
      const whole = written(100_000, before, inside)
      for (let firstBytes = 1; firstBytes <= 60 + inside; firstBytes++) {
        assert.equal(
          written(firstBytes, before, inside),
          whole,
          `${firstBytes} ${before} ${inside}`,
        )
      }
    }
  }
})
