import { encode } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame, type Frame } from './frames'

const session = '00112233445566778899aabbccddeeff'
const bytesOf = (frame: Frame) => new Uint8Array(Buffer.concat(encodeFrame(frame)))
const violation = expect.objectContaining({ code: 'PROTOCOL_VIOLATION' })
const step = (rows: number, values: number): Frame => ({
  ...{ type: 'step', session, position: 0, rows, wantsAnswer: false, computeMs: [] },
  input: { hidden: new Float32Array(values) },
})

describe('a frame is refused', () => {
  it('when it is of another version', () => {
    for (const version of [0, 2, 255]) {
      const bytes = bytesOf({ type: 'check', session })
      bytes[0] = version
      expect(() => decodeFrame(bytes)).toThrow(violation)
    }
  })

  it.each([
    ['no row', 0, 4],
    ['more rows than there can be', 4_097, 4_097],
    ['rows of different lengths', 2, 3],
    ['no values', 2, 0],
  ])('when its step has %s', (_, rows, values) => {
    expect(() => decodeFrame(bytesOf(step(rows, values)))).toThrow(violation)
  })

  it('and not when its step has as many rows as there can be', () => {
    expect(decodeFrame(bytesOf(step(4_096, 4_096)))).toMatchObject({ rows: 4_096 })
  })

  it('when its body is longer than 64 KiB, before it is looked at', () => {
    const [prefix = new Uint8Array()] = encodeFrame({
      type: 'notice',
      session,
      body: { code: 'STAGE_LOST', cause: '' },
    })
    const body = encode({ code: 'STAGE_LOST', cause: 'x'.repeat(70_000) })
    expect(() => decodeFrame(Buffer.concat([prefix, body]))).toThrow('64 KiB')
  })

  it('when it says that more stages have computed than it lists', () => {
    const bytes = bytesOf(step(1, 4))
    bytes[18 + 9] = 200
    expect(() => decodeFrame(bytes)).toThrow(violation)
  })
})
