import { describe, expect, test } from 'vitest'
import { dhtIdOf } from '../hivemind/dht-id'
import {
  decodeCall,
  decodeReply as decodeUnaryReply,
  encodeCall,
  encodeReply as encodeUnaryReply,
} from '../hivemind/envelope'
import {
  decodeFindRequest,
  decodePingResponse,
  decodeStoreRequest,
  decodeStoreResponse,
  encodePingResponse,
  encodeStoreResponse,
} from '../hivemind/messages'
import { DictionaryValue, encodeMsgpack, float, type MsgpackValue, msgpackMap, Tuple } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'
import { peerFromText, peerToBytes } from '../hivemind/peer-bytes'
import { encodeVarint } from '../hivemind/protobuf'
import { decodeServerInfo } from '../hivemind/server-info'
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type InferenceReply,
  type InferenceRequest,
} from './inference-wire'

// The golden bytes of KwaaiNet's dialect (reference: kwaainet-wire, A.8), read and written.
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NODE_ID = 'e053d363f93aacc73c1e161a45bf718e31ac211e'
const MODELS_ID = '0a63ed21831f3f7d24f07949cea69a94476b4faf'
const MODEL_INFO =
  '82aa7265706f7369746f7279d93468747470733a2f2f68756767696e67666163652e636f2f756e736c6f74682f4c6c616d612d332e312d38422d496e737472756374aa6e756d5f626c6f636b7320'
const STORE_FRAME =
  'd6010a10000102030405060708090a0b0c0d0e0f1ac1010a00121544485450726f746f636f6c2e7270635f73746f72651aa5010a0012140a63ed21831f3f7d24f07949cea69a94476b4faf1a16b54c6c616d612d332d312d38422d496e737472756374224e82aa7265706f7369746f7279d93468747470733a2f2f68756767696e67666163652e636f2f756e736c6f74682f4c6c616d612d332e312d38422d496e737472756374aa6e756d5f626c6f636b73202a080000005ade39da413201003a160a14e053d363f93aacc73c1e161a45bf718e31ac211e'

describe('ids', () => {
  test.each([
    ['_petals.models', MODELS_ID],
    ['_kwaai.inference.nodes', '531c2cf657a8e75384a436a0dcf6d170c8040d8a'],
    ['_kwaai.vpk.nodes', '50ec7a4dbc12f7484b1fa44d9296de7d4180331b'],
    ['Llama-3-1-8B-Instruct.0', '821ccf962f07b3a728a8b3b8e1c6a5391fb6db37'],
    ['Llama-3-1-8B-Instruct.31', '8b3a8ef6a8316aaf6f3efd366c1fabe2b48f6f47'],
    ['Llama-3-1-8B-Instruct-hf.0', 'cbb35b786725711fb1680f818a5b04ae3570e44f'],
  ])('%s', (key, id) => expect(hex(dhtIdOf(key))).toBe(id))

  test('of a node, and the subkey that is its name', () => {
    const peer = peerFromText(PEER)
    expect(peer && hex(dhtIdOf(peerToBytes(peer)))).toBe(NODE_ID)
    const subkey = `d934${Buffer.from(PEER).toString('hex')}`
    expect(hex(encodeMsgpack(PEER))).toBe(subkey)
    expect(decodeMsgpack(bytes(subkey))).toBe(PEER)
  })
})

describe('values', () => {
  const serverInfo = (state: number, throughput: number, cacheTokensLeft: number, more: Record<string, MsgpackValue>) =>
    new Tuple([
      state,
      float(throughput),
      msgpackMap({
        ...{ start_block: 0, end_block: 3, public_name: 'test-node', version: 'kwaai-0.7.0', torch_dtype: 'float16' },
        ...{
          using_relay: false,
          cache_tokens_left: cacheTokensLeft,
          adapters: [],
          next_pings: new Map(),
          peer_id: PEER,
        },
        ...more,
      }),
    ])
  const SERVER_INFO =
    'c7e4409302cb40290000000000008bab73746172745f626c6f636b00a9656e645f626c6f636b03ab7075626c69635f6e616d65a9746573742d6e6f6465a776657273696f6eab6b776161692d302e372e30ab746f7263685f6474797065a7666c6f61743136ab7573696e675f72656c6179c2b163616368655f746f6b656e735f6c656674ce000186a0a8616461707465727390aa6e6578745f70696e677380a7706565725f6964d934313244334b6f6f5744704a3741733742574177524d6675315655325743714e6a76713338374a45594b44426a346b78366e58544ea86c656173655f7631c3'

  test('a server', () => {
    const value = serverInfo(2, 12.5, 100_000, { lease_v1: true })
    expect(hex(encodeMsgpack(value))).toBe(SERVER_INFO)
    expect(decodeMsgpack(bytes(SERVER_INFO))).toEqual(value)
    expect(decodeServerInfo(bytes(SERVER_INFO))).toMatchObject({ state: 'online', throughput: 12.5, endBlock: 3 })
  })

  test('a tombstone, which is no server to anybody', () => {
    const tombstone = encodeMsgpack(serverInfo(-1, 0, 0, { lease_v1: true }))
    expect(hex(tombstone)).toMatch(/^c7e04093ffcb00000000000000008bab/)
    expect(() => decodeServerInfo(tombstone)).toThrow('state')
  })

  test('a model', () => {
    const value = msgpackMap({ repository: 'https://huggingface.co/unsloth/Llama-3.1-8B-Instruct', num_blocks: 32 })
    expect(hex(encodeMsgpack(value))).toBe(MODEL_INFO)
    expect(decodeMsgpack(bytes(MODEL_INFO))).toEqual(value)
  })

  test('a dictionary', () => {
    const subkey = 'Llama-3-1-8B-Instruct'
    const item = { subkey, value: bytes(MODEL_INFO), expirationS: 1_760_000_360 }
    const value = new DictionaryValue(null, 1_760_000_360, [item])
    const dumps = `c77c5093c0cb41da39de5a0000009193b5${Buffer.from(subkey).toString('hex')}c44e${MODEL_INFO}cb41da39de5a000000`
    expect(hex(encodeMsgpack(value))).toBe(dumps)
    expect(decodeMsgpack(bytes(dumps))).toEqual(value)
  })

  test('a granted lease', () => {
    const value = msgpackMap({ Granted: msgpackMap({ lease_id: 3, ttl_secs: 30 }) })
    const grant = '81a74772616e74656482a86c656173655f696403a874746c5f736563731e'
    expect(hex(encodeMsgpack(value))).toBe(grant)
    expect(decodeMsgpack(bytes(grant))).toEqual(value)
  })
})

describe('calls', () => {
  const unframed = (text: string, prefixBytes: number) => bytes(text).subarray(prefixBytes)
  const framed = (frame: Uint8Array) => hex(encodeVarint(frame.length)) + hex(frame)

  test('rpc_store', () => {
    const call = decodeCall(unframed(STORE_FRAME, 2))
    expect(call).toMatchObject({ protocol: 'DHTProtocol.rpc_store', peer: new Uint8Array() })
    expect(framed(encodeCall(call))).toBe(STORE_FRAME)
    const { node, items } = decodeStoreRequest(call.payload)
    expect(hex(node)).toBe(NODE_ID)
    expect(items.map(({ key, value, expirationS }) => [hex(key), hex(value), expirationS])).toEqual([
      [MODELS_ID, MODEL_INFO, 1_760_000_360],
    ])
  })

  test('its reply', () => {
    const text = '190a10000102030405060708090a0b0c0d0e0f22050a03120101'
    const reply = decodeUnaryReply(unframed(text, 1))
    if (!('payload' in reply)) throw new Error('an error')
    expect(decodeStoreResponse(reply.payload)).toMatchObject({ storeOk: [true] })
    expect(framed(encodeUnaryReply(reply))).toBe(text)
    expect(hex(encodeStoreResponse({ node: new Uint8Array(), storeOk: [true] }))).toContain('120101')
  })

  test('rpc_find of a client', () => {
    const request = decodeFindRequest(bytes(`0a001214${MODELS_ID}1a00`))
    expect(request.keys.map(hex)).toEqual([MODELS_ID])
    expect(request.node).toHaveLength(0)
  })

  test('a ping’s answer', () => {
    const answer = decodePingResponse(bytes(`0a0012160a14${NODE_ID}2100000000de39da41`))
    expect(answer).toMatchObject({ dhtTimeS: 1_760_000_000, available: false })
    expect(decodePingResponse(encodePingResponse(answer))).toEqual(answer)
  })
})

describe('/kwaai/inference/1.0.0 (A.7), with lists of numbers as its own writer sends them', () => {
  const field = (name: string) => hex(encodeMsgpack(name))
  const REQUESTS: [string, InferenceRequest, string][] = [
    [
      'token ids',
      { sessionId: 12_345n, position: 7, input: { tokens: Int32Array.of(1, 300) } },
      `85${field('session_id')}cd3039${field('seq_pos')}07${field('payload_type')}a9746f6b656e5f696473${field('shape')}9102${field('data')}DATA:010000002c010000`,
    ],
    [
      'hidden states',
      { sessionId: 2n ** 64n - 1n, position: 0, input: { hidden: Float32Array.of(1, -2, 0.5, 0), width: 2 } },
      `85${field('session_id')}cfffffffffffffffff${field('seq_pos')}00${field('payload_type')}ad68696464656e5f737461746573${field('shape')}93010202${field('data')}DATA:003c00c000380000`,
    ],
  ]
  const REPLIES: [string, InferenceReply, string][] = [
    [
      'hidden states',
      { sessionId: 1n, hidden: Float32Array.of(1, -2), width: 2 },
      `85${field('session_id')}01${field('response_type')}ad68696464656e5f737461746573${field('shape')}93010102${field('data')}DATA:003c00c0${field('error')}c0`,
    ],
    [
      'logits',
      { sessionId: 1n, logits: Float32Array.of(0.5, 1, -2) },
      `85${field('session_id')}01${field('response_type')}a66c6f67697473${field('shape')}93010103${field('data')}DATA:0038003c00c0${field('error')}c0`,
    ],
    [
      'an error',
      { sessionId: 0n, error: 'node warming up — model loading in background' },
      `85${field('session_id')}00${field('response_type')}ad68696464656e5f737461746573${field('shape')}90${field('data')}DATA:${field('error')}${hex(encodeMsgpack('node warming up — model loading in background'))}`,
    ],
  ]
  /** Bytes are written as such by us, as a list of numbers by rmp-serde; both are read. */
  function forms(text: string): { written: Uint8Array; list: Uint8Array } {
    const [head = '', tail = ''] = text.split('DATA:')
    const [data = '', rest = ''] = tail.includes(field('error')) ? splitAt(tail, tail.indexOf(field('error'))) : [tail]
    const values = [...bytes(data)]
    return {
      written: bytes(head + hex(encodeMsgpack(bytes(data))) + rest),
      list: bytes(head + hex(encodeMsgpack(values)) + rest),
    }
  }
  const splitAt = (text: string, at: number) => [text.slice(0, at), text.slice(at)]

  test.each(REQUESTS)('a request with %s', (_, request, text) => {
    const { written, list } = forms(text)
    expect(hex(encodeRequest(request))).toBe(hex(written))
    expect(decodeRequest(written)).toEqual(request)
    expect(decodeRequest(list)).toEqual(request)
  })

  test.each(REPLIES)('a reply with %s', (_, reply, text) => {
    const { written, list } = forms(text)
    expect(hex(encodeReply(reply))).toBe(hex(written))
    expect(decodeReply(written)).toEqual(reply)
    expect(decodeReply(list)).toEqual(reply)
  })
})
