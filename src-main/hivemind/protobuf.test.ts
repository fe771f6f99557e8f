import { expect, it } from 'vitest'
import { encodeVarint, ProtoWriter, protoFields } from './protobuf'

it.each([0, 127, 128, 16_383, 16_384, 2_097_152])('a message of %i bytes inside two others comes back', (size) => {
  const content = new Uint8Array(size).map((_, i) => i)
  const message = new ProtoWriter()
    .varint(1, 300)
    .message(2, (outer) => outer.message(1, (inner) => inner.bytes(3, content)).double(2, 1.5))
    .text(16, 'after it')
    .finish()
  const [first, second, third, ...more] = [...protoFields(message)]
  expect([first?.varint(), third?.number, third?.text(100), more.length]).toEqual([300, 16, 'after it', 0])
  const [nested, number] = [...protoFields(second!.bytes())]
  expect(number?.double()).toBe(1.5)
  const [innermost] = [...protoFields(nested!.bytes())]
  expect(Buffer.compare(innermost!.bytes(), content)).toBe(0)
  // As its writer would have written it alone: the shortest length before it.
  const alone = new ProtoWriter().bytes(3, content).finish()
  expect(Buffer.compare(alone.subarray(1), Buffer.concat([encodeVarint(size), content]))).toBe(0)
  expect(Buffer.compare(nested!.bytes(), alone)).toBe(0)
})
