import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dhtIdOf } from './dht-id'
import { decodeCall, decodeReply, encodeCall, encodeReply } from './envelope'
import {
  decodeExpertInfo,
  decodeExpertUid,
  decodeFindRequest,
  decodeFindResponse,
  decodePingRequest,
  decodePingResponse,
  decodeStoreRequest,
  decodeStoreResponse,
  encodeExpertInfo,
  encodeExpertUid,
  encodeFindRequest,
  encodeFindResponse,
  encodePingRequest,
  encodePingResponse,
  encodeStoreRequest,
  encodeStoreResponse,
} from './messages'
import { decodeModelInfo, encodeModelInfo } from './model-index'
import { DictionaryValue, encodeMsgpack, Float, float, type MsgpackValue, Tuple } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { peerFromBytes, peerFromText, peerToBytes } from './peer-bytes'
import { encodeVarint } from './protobuf'
import { decodeRpcInfo, encodeRpcInfo } from './rpc-info'
import { decodeServerInfo, encodeServerInfo, type ServerInfo } from './server-info'
import { storeItemOf } from './store-records'

// Bytes that the reference implementation itself produced.
const vectors = JSON.parse(readFileSync('test/fixtures/hivemind-vectors.json', 'utf8'))

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const framed = (frame: Uint8Array) => hex(Buffer.concat([encodeVarint(frame.length), frame]))
function unframed(text: string): Uint8Array {
  const all = bytes(text)
  for (let size = 1; size < 4; size++) {
    const frame = all.subarray(size)
    if (hex(encodeVarint(frame.length)) === hex(all.subarray(0, size))) return frame
  }
  throw new Error('no length prefix')
}

const EXPIRATION_S = 1_700_000_360
const callId = bytes(vectors.unary.call_id)
const rsaPeer = bytes(vectors.peer_rsa.peer_id_bytes)
const edPeer = bytes(vectors.peer_ed25519.peer_id_bytes)
const nodeId = bytes(vectors.node_id)

const info: ServerInfo = {
  state: 'online',
  throughput: 10,
  startBlock: 0,
  endBlock: 8,
  publicName: 'kwaai-ts-test',
  version: '2.3.0.dev2',
  networkRps: 100,
  forwardRps: 50,
  inferenceRps: 25,
  adapters: [],
  torchDtype: 'float16',
  quantType: 'none',
  usingRelay: false,
  cacheTokensLeft: 16_384,
  nextPings: new Map(),
}
const sparse: ServerInfo = {
  ...info,
  publicName: 'n',
  version: 'v',
  networkRps: null,
  forwardRps: null,
  inferenceRps: null,
  adapters: ['org/lora'],
  torchDtype: null,
  quantType: null,
  usingRelay: null,
  cacheTokensLeft: null,
  nextPings: new Map([
    [vectors.peer_rsa.base58, 0.05],
    [vectors.peer_ed25519.base58, Number.POSITIVE_INFINITY],
  ]),
}
const modelInfo = { numBlocks: 80, repository: 'https://huggingface.co/meta-llama/Llama-3.3-70B-Instruct' }

describe('M-30: ids of keys', () => {
  test.each(Object.entries<{ msgpack: string; dhtid: string }>(vectors.dhtid))('%s', (key, vector) => {
    expect(hex(encodeMsgpack(key))).toBe(vector.msgpack)
    expect(decodeMsgpack(bytes(vector.msgpack))).toBe(key)
    expect(hex(dhtIdOf(key))).toBe(vector.dhtid)
  })

  test('bytes are hashed as they are', () => {
    expect(hex(dhtIdOf(bytes(vectors.dhtid_raw_bytes_source.source)))).toBe(vectors.dhtid_raw_bytes_source.dhtid)
  })

  test.each(['peer_ed25519', 'peer_rsa'])('%s as bytes and as text', (name) => {
    const { peer_id_bytes, base58 } = vectors[name]
    expect(peerFromBytes(bytes(peer_id_bytes))?.toString()).toBe(base58)
    const peer = peerFromText(base58)
    expect(peer && hex(peerToBytes(peer))).toBe(peer_id_bytes)
  })
})

describe('MessagePack', () => {
  const cases: [string, MsgpackValue][] = [
    ['None (IS_REGULAR_VALUE)', null],
    ['subkey ed25519 base58', vectors.peer_ed25519.base58],
    ['subkey rsa base58', vectors.peer_rsa.base58],
    ['empty tuple ()', new Tuple([])],
    ["tuple (1,2.0,'a')", new Tuple([1, float(2), 'a'])],
    ['10.0', float(10)],
    ['10', 10],
    ['inf', float(Number.POSITIVE_INFINITY)],
  ]
  test.each(cases)('%s', (name, value) => {
    expect(hex(encodeMsgpack(value))).toBe(vectors.msgpack[name])
    expect(decodeMsgpack(bytes(vectors.msgpack[name]))).toEqual(value)
  })

  test('10 and 10.0 stay different', () => {
    expect(decodeMsgpack(bytes('0a'))).toBe(10)
    expect(decodeMsgpack(bytes('cb4024000000000000'))).toBeInstanceOf(Float)
  })

  test('a dictionary', () => {
    const dumps = vectors.dictionary_value.dumps
    const decoded = decodeMsgpack(bytes(dumps))
    expect(decoded).toBeInstanceOf(DictionaryValue)
    const dictionary = decoded as DictionaryValue
    expect(dictionary.maxSize).toBe(Number.POSITIVE_INFINITY)
    expect(dictionary.entries.map((entry) => entry.subkey)).toEqual([
      vectors.peer_ed25519.base58,
      vectors.peer_rsa.base58,
    ])
    expect(hex(dictionary.entries[0]!.value)).toBe(vectors.server_info.value)
    expect(dictionary.latestExpirationS).toBe(Math.max(...dictionary.entries.map((entry) => entry.expirationS)))
    expect(hex(encodeMsgpack(dictionary))).toBe(dumps)
  })
})

describe('records (M-09)', () => {
  test.each([
    ['server_info', info],
    ['server_info_with_adapters_and_pings', sparse],
  ] as const)('%s', (name, value) => {
    expect(hex(encodeServerInfo(value))).toBe(vectors[name].value)
    expect(decodeServerInfo(bytes(vectors[name].value))).toEqual(value)
  })

  test('model_info', () => {
    expect(hex(encodeModelInfo(modelInfo, { allowNullRepository: false }))).toBe(vectors.model_info.value)
    expect(decodeModelInfo(bytes(vectors.model_info.value))).toEqual(modelInfo)
  })
})

describe.each([
  ['server mode', vectors.requests_server_mode, nodeId],
  ['client mode', vectors.requests_client_mode, new Uint8Array(0)],
] as const)('requests in %s', (_mode, requests, node) => {
  const subkey = vectors.peer_ed25519.base58
  const value = encodeServerInfo(info)
  const stores = [
    [0, 1].map((block) => ({ key: `Llama-3-3-70B-Instruct-hf.${block}`, subkey, value, expirationS: EXPIRATION_S })),
    [
      {
        key: '_petals.models',
        subkey: 'Llama-3-3-70B-Instruct-hf',
        value: encodeModelInfo(modelInfo, { allowNullRepository: false }),
        expirationS: EXPIRATION_S,
      },
    ],
  ]
  test.each([0, 1])('store %i', (index) => {
    const items = stores[index]!.map(storeItemOf)
    expect(hex(encodeStoreRequest({ node, items }))).toBe(requests[index].hex)
    expect(decodeStoreRequest(bytes(requests[index].hex))).toEqual({ node, items })
  })

  test('store of a regular value', () => {
    const request = decodeStoreRequest(bytes(requests[2].hex))
    expect(request.items).toHaveLength(1)
    expect(hex(request.items[0]!.subkey)).toBe('c0')
    expect(hex(encodeStoreRequest(request))).toBe(requests[2].hex)
  })

  test('find', () => {
    const keys = ['_petals.models', 'Llama-3-3-70B-Instruct-hf.0'].map(dhtIdOf)
    expect(hex(encodeFindRequest({ node, keys }))).toBe(requests[3].hex)
    expect(decodeFindRequest(bytes(requests[3].hex))).toEqual({ node, keys })
  })

  test('ping', () => {
    expect(hex(encodePingRequest({ node, validate: true }))).toBe(requests[4].hex)
    expect(decodePingRequest(bytes(requests[4].hex))).toEqual({ node, validate: true })
  })
})

describe('responses', () => {
  test('ping', () => {
    const response = { node: nodeId, dhtTimeS: 1_700_000_000.25, available: true }
    expect(hex(encodePingResponse(response))).toBe(vectors.ping_response.hex)
    expect(decodePingResponse(bytes(vectors.ping_response.hex))).toEqual(response)
  })

  test('find', () => {
    const response = decodeFindResponse(bytes(vectors.find_response.hex))
    expect(response.results.map(({ kind }) => kind)).toEqual(['dictionary', 'missing'])
    expect(hex(response.results[0]!.value)).toBe(vectors.dictionary_value.dumps)
    expect(hex(response.results[0]!.nearest[0]!.peerId)).toBe(hex(rsaPeer))
    expect(hex(encodeFindResponse(response))).toBe(vectors.find_response.hex)
  })
})

describe('frames of unary calls', () => {
  const ping = encodePingRequest({ node: nodeId, validate: true })
  const store = bytes(vectors.requests_server_mode[0].hex)
  test.each([
    ['ping request frame (DHTProtocol.rpc_ping, callee=peer_rsa)', 'DHTProtocol.rpc_ping', ping],
    ['store request frame (DHTProtocol.rpc_store, callee=peer_rsa)', 'DHTProtocol.rpc_store', store],
  ])('%s', (name, protocol, payload) => {
    const call = { callId, peer: rsaPeer, protocol, payload }
    expect(framed(encodeCall(call))).toBe(vectors.unary[name])
    expect(decodeCall(unframed(vectors.unary[name]))).toEqual(call)
  })

  test('reply with an empty payload: required fields are there although empty', () => {
    const frame = vectors.unary['ok response frame with EMPTY payload']
    expect(framed(encodeReply({ callId, payload: new Uint8Array(0) }))).toBe(frame)
    expect(decodeReply(unframed(frame))).toEqual({ callId, payload: new Uint8Array(0) })
  })

  test('reply to a store', () => {
    const frame = vectors.unary['ok response frame (StoreResponse{store_ok:[true,true], peer})']
    const payload = encodeStoreResponse({ node: nodeId, storeOk: [true, true] })
    expect(framed(encodeReply({ callId, payload }))).toBe(frame)
    const reply = decodeReply(unframed(frame))
    expect('payload' in reply && decodeStoreResponse(reply.payload)).toEqual({ node: nodeId, storeOk: [true, true] })
  })

  test('error reply', () => {
    const reply = { callId, errorText: "RuntimeError('boom')" }
    expect(framed(encodeReply(reply))).toBe(vectors.unary['error response frame'])
    expect(decodeReply(unframed(vectors.unary['error response frame']))).toEqual(reply)
  })

  test('rpc_info, request and reply (M-13)', () => {
    const protocol = 'TransformerConnectionHandler.rpc_info'
    expect(hex(encodeExpertUid(''))).toBe(vectors.rpc_info['request ExpertUID() payload'])
    const call = { callId, peer: edPeer, protocol, payload: encodeExpertUid('') }
    expect(framed(encodeCall(call))).toBe(vectors.rpc_info['request frame'])
    expect(decodeExpertUid(decodeCall(unframed(vectors.rpc_info['request frame'])).payload)).toBe('')

    const answer = { version: '2.3.0.dev2', dhtClientMode: false, cacheTokensAvailable: 16_384 }
    const payload = vectors.rpc_info['response ExpertInfo payload']
    expect(hex(encodeRpcInfo(answer))).toBe(payload)
    expect(decodeRpcInfo(bytes(payload))).toEqual(answer)
    expect(hex(encodeExpertInfo(decodeExpertInfo(bytes(payload))))).toBe(payload)
    expect(framed(encodeReply({ callId, payload: bytes(payload) }))).toBe(vectors.rpc_info['response frame'])
  })
})

describe('the dialect of KwaaiNet is read, too', () => {
  test('a server record with other fields', () => {
    const value =
      'c7e4409302cb40290000000000008bab73746172745f626c6f636b00a9656e645f626c6f636b03ab7075626c69635f6e616d65a9746573742d6e6f6465a776657273696f6eab6b776161692d302e372e30ab746f7263685f6474797065a7666c6f61743136ab7573696e675f72656c6179c2b163616368655f746f6b656e735f6c656674ce000186a0a8616461707465727390aa6e6578745f70696e677380a7706565725f6964d934313244334b6f6f5744704a3741733742574177524d6675315655325743714e6a76713338374a45594b44426a346b78366e58544ea86c656173655f7631c3'
    expect(decodeServerInfo(bytes(value))).toMatchObject({
      state: 'online',
      throughput: 12.5,
      startBlock: 0,
      endBlock: 3,
      version: 'kwaai-0.7.0',
      cacheTokensLeft: 100_000,
    })
  })

  test('a call whose peer field is empty, with an empty authentication field', () => {
    const frame =
      'd6010a10000102030405060708090a0b0c0d0e0f1ac1010a00121544485450726f746f636f6c2e7270635f73746f72651aa5010a0012140a63ed21831f3f7d24f07949cea69a94476b4faf1a16b54c6c616d612d332d312d38422d496e737472756374224e82aa7265706f7369746f7279d93468747470733a2f2f68756767696e67666163652e636f2f756e736c6f74682f4c6c616d612d332e312d38422d496e737472756374aa6e756d5f626c6f636b73202a080000005ade39da413201003a160a14e053d363f93aacc73c1e161a45bf718e31ac211e'
    const call = decodeCall(unframed(frame))
    const request = decodeStoreRequest(call.payload)
    expect(request.items[0]!.expirationS).toBe(1_760_000_360)
    expect(decodeModelInfo(request.items[0]!.value).numBlocks).toBe(32)
  })

  test('a dictionary without a maximum', () => {
    const value =
      'c77c5093c0cb41da39de5a0000009193b54c6c616d612d332d312d38422d496e737472756374c44e82aa7265706f7369746f7279d93468747470733a2f2f68756767696e67666163652e636f2f756e736c6f74682f4c6c616d612d332e312d38422d496e737472756374aa6e756d5f626c6f636b7320cb41da39de5a000000'
    const decoded = decodeMsgpack(bytes(value))
    expect(decoded).toMatchObject({ maxSize: null, latestExpirationS: 1_760_000_360 })
    expect(hex(encodeMsgpack(decoded))).toBe(value)
  })
})
