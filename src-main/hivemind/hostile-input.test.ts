import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { decodeCall, decodeReply } from './envelope'
import { foundFrom } from './found-value'
import {
  decodeExpertInfo,
  decodeExpertUid,
  decodeFindRequest,
  decodeFindResponse,
  decodePingRequest,
  decodePingResponse,
  decodeStoreRequest,
  decodeStoreResponse,
  encodeFindRequest,
} from './messages'
import { decodeModelInfo } from './model-index'
import { encodeMsgpack, float, type MsgpackValue } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { peerFromBytes, peerFromText } from './peer-bytes'
import { ProtoWriter } from './protobuf'
import { decodeRpcInfo } from './rpc-info'
import { decodeServerInfo } from './server-info'

const vectors = JSON.parse(readFileSync('test/fixtures/hivemind-vectors.json', 'utf8'))
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

const decoders: Record<string, (input: Uint8Array) => unknown> = {
  decodeMsgpack,
  decodeServerInfo,
  decodeModelInfo,
  decodeRpcInfo,
  decodeCall,
  decodeReply,
  decodePingRequest,
  decodePingResponse,
  decodeStoreRequest,
  decodeStoreResponse,
  decodeFindRequest,
  decodeFindResponse,
  decodeExpertUid,
  decodeExpertInfo,
  peerFromBytes,
}
const samples = [
  vectors.server_info.value,
  vectors.server_info_with_adapters_and_pings.value,
  vectors.model_info.value,
  vectors.dictionary_value.dumps,
  vectors.find_response.hex,
  vectors.ping_response.hex,
  vectors.rpc_info['response ExpertInfo payload'],
  vectors.unary['store request frame (DHTProtocol.rpc_store, callee=peer_rsa)'].slice(4),
  vectors.unary['error response frame'].slice(2),
  ...vectors.requests_server_mode.map(({ hex }: { hex: string }) => hex),
].map(bytes)

/** A small generator with a seed, so that a failure can be repeated. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Returns the code of a typed refusal, null when the input was accepted; anything else fails the test. */
function codeOf(decode: () => unknown): string | null {
  try {
    decode()
    return null
  } catch (error) {
    if (error instanceof EspalierError) return error.code
    throw error
  }
}

describe.each(Object.entries(decoders))('%s refuses with PROTOCOL_VIOLATION or not at all', (_name, decode) => {
  test('random bytes', () => {
    const random = seeded(1)
    for (let round = 0; round < 3_000; round++) {
      const input = Uint8Array.from({ length: random(200) }, () => random(256))
      expect([null, 'PROTOCOL_VIOLATION']).toContain(codeOf(() => decode(input)))
    }
  })

  test('valid messages with a few bytes changed', () => {
    const random = seeded(2)
    for (let round = 0; round < 3_000; round++) {
      const input = Uint8Array.from(samples[random(samples.length)]!)
      for (let change = 0; change <= random(4); change++) input[random(input.length)] = random(256)
      expect([null, 'PROTOCOL_VIOLATION']).toContain(codeOf(() => decode(input)))
    }
  })

  test('every truncation of valid messages', () => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        expect([null, 'PROTOCOL_VIOLATION']).toContain(codeOf(() => decode(sample.subarray(0, length))))
      }
    }
  })
})

describe('MessagePack', () => {
  test.each([
    ['an array of 4 billion', 'ddffffffff'],
    ['a map of 4 billion', 'dfffffffff'],
    ['text of 4 billion', 'dbffffffff'],
    ['bytes of 4 billion', 'c6ffffffff'],
    ['an extension of 4 billion', 'c9ffffffff40'],
    ['nothing', ''],
    ['the reserved type', 'c1'],
    ['two values', '0101'],
    ['text that is not UTF-8', 'a1ff'],
    ['a map with a number as key', '810101'],
    ['a tuple that holds no list', 'd44001'],
    ['a dictionary without its parts', 'd45090'],
  ])('%s', (_name, input) => {
    expect(codeOf(() => decodeMsgpack(bytes(input)))).toBe('PROTOCOL_VIOLATION')
  })

  test('a hundred thousand nested lists', () => {
    expect(codeOf(() => decodeMsgpack(new Uint8Array(100_000).fill(0x91)))).toBe('PROTOCOL_VIOLATION')
  })

  test('longer than allowed', () => {
    expect(codeOf(() => decodeMsgpack(bytes('c403000000'), { maxBytes: 4 }))).toBe('PROTOCOL_VIOLATION')
  })

  test('an unknown extension is its bytes', () => {
    expect(decodeMsgpack(bytes('d551abcd'))).toEqual(bytes('abcd'))
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined inside', [undefined]],
    ['NaN', Number.NaN],
    ['NaN as a float', float(Number.NaN)],
    ['a lone surrogate', '\ud800'],
    ['beyond 64 bits', 1n << 64n],
    ['a plain object', {}],
  ])('%s is not written', (_name, value) => {
    expect(codeOf(() => encodeMsgpack(value as MsgpackValue))).toBe('BAD_ARGUMENT')
  })

  test('numbers of every size come back', () => {
    const numbers = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
    for (const number of [...numbers, ...numbers.map((value) => -value), -32, -33, -129, -32_769]) {
      expect(decodeMsgpack(encodeMsgpack(number))).toBe(number === 0 ? 0 : number)
    }
    expect(decodeMsgpack(encodeMsgpack(2n ** 64n - 1n))).toBe(2n ** 64n - 1n)
  })

  test('lists, texts and bytes at the borders of their headers come back', () => {
    for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const values: MsgpackValue[] = ['é'.repeat(length), new Uint8Array(length), new Array(length).fill(1)]
      for (const value of values) expect(decodeMsgpack(encodeMsgpack(value))).toEqual(value)
    }
  })
})

describe('one hostile entry does not hide the others of a dictionary', () => {
  // Written by hand: what a Python node stores for a stranger and serves to everybody.
  const entryOf = (subkey: Uint8Array, expirationS: number) =>
    Buffer.concat([bytes('93'), subkey, bytes('c40101'), encodeMsgpack(float(expirationS))])
  const good = entryOf(encodeMsgpack('Qm'), 100)
  const extension = (type: number, content: Uint8Array) =>
    Buffer.concat([Uint8Array.of(0xc8, content.length >> 8, content.length & 0xff, type), content])
  const dictionaryWith = (entry: Uint8Array) => {
    const numbers = [encodeMsgpack(float(Number.POSITIVE_INFINITY)), encodeMsgpack(float(100))]
    return extension(0x50, Buffer.concat([bytes('93'), ...numbers, bytes('92'), entry, good]))
  }
  const found = (value: Uint8Array) => foundFrom({ kind: 'dictionary', value, expirationS: 100, nearest: [] }, 50)

  let nested: Uint8Array = encodeMsgpack('x')
  for (let depth = 0; depth < 500; depth++) nested = extension(0x40, Buffer.concat([bytes('91'), nested]))

  test.each<[string, Uint8Array]>([
    ['bytes as subkey', entryOf(encodeMsgpack(new Uint8Array([1])), 100)],
    ['a number as subkey', entryOf(encodeMsgpack(7), 100)],
    ['a tuple in 500 tuples as subkey', entryOf(nested, 100)],
    ['expired', entryOf(encodeMsgpack('old'), 49)],
  ])('%s', (_name, entry) => {
    const value = found(dictionaryWith(entry))
    expect(value?.kind === 'dictionary' && [...value.entries.keys()]).toEqual(['Qm'])
  })

  test('an expiration that is not a number', () => {
    const value = dictionaryWith(entryOf(encodeMsgpack('old'), 49))
    value.set(bytes('7ff8000000000000'), value.indexOf(Buffer.from('cb4048800000000000', 'hex')) + 1)
    const result = found(value)
    expect(result?.kind === 'dictionary' && [...result.entries.keys()]).toEqual(['Qm'])
  })
})

describe('messages', () => {
  test('lists of different lengths in a store request', () => {
    const request = new ProtoWriter().bytes(2, new Uint8Array(20)).bytes(3, new Uint8Array(1)).finish()
    expect(codeOf(() => decodeStoreRequest(request))).toBe('PROTOCOL_VIOLATION')
  })

  test('more keys than anybody needs', () => {
    const request = encodeFindRequest({ node: new Uint8Array(0), keys: new Array(513).fill(new Uint8Array(20)) })
    expect(codeOf(() => decodeFindRequest(request))).toBe('PROTOCOL_VIOLATION')
  })

  test('a million packed values', () => {
    const request = new ProtoWriter().packedBools(6, new Array(1_000_000).fill(true)).finish()
    expect(codeOf(() => decodeStoreRequest(request))).toBe('PROTOCOL_VIOLATION')
  })

  test('an envelope without one of its required fields', () => {
    const call = (fields: (writer: ProtoWriter) => ProtoWriter, idBytes = 16) =>
      new ProtoWriter().bytes(1, new Uint8Array(idBytes)).bytes(3, fields(new ProtoWriter()).finish()).finish()
    const empty = new Uint8Array(0)
    const full = (writer: ProtoWriter) => writer.bytes(1, empty).text(2, 'a').bytes(3, empty)
    expect(codeOf(() => decodeCall(call(full)))).toBeNull()
    expect(codeOf(() => decodeCall(call(full, 15)))).toBe('PROTOCOL_VIOLATION')
    expect(codeOf(() => decodeCall(call((w) => w.text(2, 'a').bytes(3, empty))))).toBe('PROTOCOL_VIOLATION')
    expect(codeOf(() => decodeCall(call((w) => w.bytes(1, empty).bytes(3, empty))))).toBe('PROTOCOL_VIOLATION')
    expect(codeOf(() => decodeCall(call((w) => w.bytes(1, empty).text(2, 'a'))))).toBe('PROTOCOL_VIOLATION')
    const withoutResult = new ProtoWriter().bytes(1, new Uint8Array(16)).bytes(4, empty).finish()
    expect(codeOf(() => decodeReply(withoutResult))).toBe('PROTOCOL_VIOLATION')
  })
})

describe('peer ids', () => {
  test('a web address dressed up as a peer is none', () => {
    const url = Buffer.from('http://127.0.0.1:80/')
    expect(peerFromBytes(Uint8Array.from([0, url.length, ...url]))).toBeNull()
  })

  test.each(['', '1', 'Qm', 'bafzbeie', '<script>', 'x'.repeat(1000)])('%s', (text) => {
    expect(peerFromText(text)).toBeNull()
  })
})
