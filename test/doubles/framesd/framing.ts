const HEADER_SIZE = 8

/**
 * The messages of a body: each is its length as int64, little endian, and its bytes.
 *
 * @throws Error at the first message that is cut short or has an impossible length, after the
 *         messages before it were handed out
 */
export function* framedMessages(body: Buffer): Generator<Buffer, void> {
  let at = 0
  while (at < body.length) {
    if (body.length - at < HEADER_SIZE) throw new Error('the length of a message is cut short')
    const size = body.readBigInt64LE(at)
    at += HEADER_SIZE
    if (size < 0n) throw new Error(`a message has the length ${size}`)
    if (size > BigInt(body.length - at)) throw new Error('a message is cut short')
    yield body.subarray(at, at + Number(size))
    at += Number(size)
  }
}

/** One message with its length in front. */
export function framed(message: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_SIZE)
  header.writeBigInt64LE(BigInt(message.length))
  return Buffer.concat([header, message])
}
