import { describe, expect, it } from 'vitest'
import { encodeExpertInfo, encodeExpertUid } from '../hivemind/messages'
import { encodeMsgpack, msgpackMap } from '../hivemind/msgpack'
import {
  decodeExpertDescription,
  describe as describeServer,
  type ExpertDescription,
  encodeExpertDescription,
  serverInfoOf,
} from './expert-info'
import { decodeExpertReply, decodeExpertRequest, encodeExpertError, encodeExpertFrame } from './expert-rpc'
import vectors from './vectors.json' with { type: 'json' }

const INFO: ExpertDescription = {
  state: 'online',
  startBlock: 0,
  endBlock: 8,
  publicName: 'pear',
  version: '1.0.0',
  dhtClientMode: false,
  cacheTokensAvailable: 2048,
  torchDtype: 'float32',
  quantType: 'Q8_0',
  throughput: 12,
  inferenceRps: 3.5,
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('golden bytes of the Kademlia form', () => {
  it('M-09: a description', () => {
    expect(hex(encodeExpertDescription(INFO))).toBe(vectors.description)
    expect(decodeExpertDescription(Buffer.from(vectors.description, 'hex'))).toEqual(INFO)
  })

  it('M-13: request, reply and error frames', () => {
    expect(hex(encodeExpertFrame(0, encodeExpertUid('')))).toBe(vectors.requestEmptyUid)
    expect(hex(encodeExpertFrame(0, encodeExpertUid('M.3')))).toBe(vectors.requestBlock)
    expect(decodeExpertRequest(Buffer.from(vectors.requestBlock, 'hex').subarray(8))).toBe('M.3')
    expect(decodeExpertRequest(Buffer.from(vectors.requestEmptyUid, 'hex').subarray(8))).toBe('')
    expect(() => decodeExpertRequest(Buffer.from(vectors.error, 'hex').subarray(8))).toThrow(/not a message/)
    expect(hex(encodeExpertFrame(0, encodeExpertInfo(encodeExpertDescription(INFO))))).toBe(vectors.reply)
    expect(decodeExpertReply(Buffer.from(vectors.reply, 'hex').subarray(8))).toEqual(INFO)
    expect(hex(encodeExpertError('not here'))).toBe(vectors.error)
    expect(() => decodeExpertReply(Buffer.from(vectors.error, 'hex').subarray(8))).toThrow(/not here/)
  })
})

describe('reading what others wrote', () => {
  const written = (over: Record<string, unknown>) =>
    encodeMsgpack(msgpackMap({ state: 'online', start_block: 1, end_block: 3, ...over } as never))

  it('takes whole numbers for rates, the span list for missing fields, and leaves unknown fields alone', () => {
    expect(decodeExpertDescription(written({ throughput: 5, extra: [1] }))).toMatchObject({
      throughput: 5,
      startBlock: 1,
    })
    const spans = encodeMsgpack(msgpackMap({ state: 'joining', spans: [[2, 6]] }))
    expect(decodeExpertDescription(spans)).toMatchObject({ state: 'joining', startBlock: 2, endBlock: 6 })
  })

  it('a long name is cut, and a list of more spans than any server has is not looked at', () => {
    expect(decodeExpertDescription(written({ public_name: 'x'.repeat(300) })).publicName).toHaveLength(200)
    const many = (spans: number) =>
      encodeMsgpack(msgpackMap({ state: 'online', spans: Array.from({ length: spans }, () => [2, 6]) }))
    expect(decodeExpertDescription(many(64))).toMatchObject({ startBlock: 2, endBlock: 6 })
    expect(() => decodeExpertDescription(many(65))).toThrow(/names no blocks/)
  })

  it.each([
    ['an empty range', { end_block: 1 }],
    ['an unknown state', { state: 'perfect' }],
    ['a negative rate', { throughput: -1 }],
    ['a range that is no count', { start_block: -2 }],
    ['a name that is a map', { public_name: new Map() }],
  ])('refuses %s', (_, over) => {
    expect(() => decodeExpertDescription(written(over))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }),
    )
  })

  it('M-07: an empty range cannot be written', () => {
    expect(() => encodeExpertDescription({ ...INFO, endBlock: 0 })).toThrow(/blocks 0 to 0/)
    const info = serverInfoOf(INFO)
    expect(() => describeServer({ ...info, startBlock: 5, endBlock: 5 }, { dhtClientMode: false })).toThrow(/empty/)
    expect(describeServer(info, { dhtClientMode: false })).toEqual(INFO)
  })

  it('D-T01: 10,000 mutated descriptions and frames end in a value or a typed error', () => {
    const seeds = [vectors.description, vectors.reply, vectors.error, vectors.requestBlock].map((text) =>
      Buffer.from(text, 'hex'),
    )
    let state = 42
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state % below
    }
    let refused = 0
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from(seeds[i % seeds.length]!)
      for (let changes = 1 + random(4); changes > 0; changes--) bytes[random(bytes.length)] = random(256)
      const cut = bytes.subarray(0, 1 + random(bytes.length))
      for (const read of [decodeExpertDescription, decodeExpertReply, decodeExpertRequest]) {
        try {
          read(cut)
        } catch (error) {
          refused++
          expect(error).toMatchObject({ code: expect.stringMatching(/^(PROTOCOL_VIOLATION|REMOTE_ERROR)$/) })
        }
      }
    }
    expect(refused).toBeGreaterThan(10_000)
  })
})
