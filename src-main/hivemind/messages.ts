import { ProtoWriter, protoFields, protoViolation } from './protobuf'

// The messages of hivemind's DHT and of rpc_info. Authentication fields are neither written nor checked:
// no public swarm of this kind uses them.

/** How many keys one request may carry; a whole model is announced in one. */
export const MAX_STORE_ITEMS = 1024
export const MAX_FIND_KEYS = 512
/** How many neighbours of one key we look at; honest peers send at most 20. */
const MAX_NEIGHBOURS = 64
const MAX_KEY_BYTES = 64
const MAX_SUBKEY_BYTES = 1024
const MAX_UID_BYTES = 16_384

/** A peer of the DHT as it names itself: its node id, or empty when it does not serve the DHT (client mode). */
export type NodeInfo = Uint8Array
export const EMPTY_NODE_INFO: NodeInfo = new Uint8Array(0)

export interface PingRequest {
  node: NodeInfo
  validate: boolean
}
export interface PingResponse {
  node: NodeInfo
  /** Unix seconds; 0 when the peer did not say. */
  dhtTimeS: number
  available: boolean
}
export interface StoreItem {
  key: Uint8Array
  /** MessagePack of the subkey; nil (`c0`) for a regular value, empty for a whole dictionary. */
  subkey: Uint8Array
  value: Uint8Array
  expirationS: number
  inCache: boolean
}
export interface StoreRequest {
  node: NodeInfo
  items: StoreItem[]
}
export interface StoreResponse {
  node: NodeInfo
  storeOk: boolean[]
}
export interface FindRequest {
  node: NodeInfo
  keys: Uint8Array[]
}
export interface Neighbour {
  nodeId: Uint8Array
  /** The multihash bytes of the peer id. */
  peerId: Uint8Array
}
export interface FindResult {
  kind: 'missing' | 'regular' | 'dictionary'
  value: Uint8Array
  expirationS: number
  nearest: Neighbour[]
}
export interface FindResponse {
  node: NodeInfo
  results: FindResult[]
}

const NO_BYTES = new Uint8Array(0)
const RESULT_KINDS = ['missing', 'regular', 'dictionary'] as const

function encodeNodeInfo(node: NodeInfo): Uint8Array {
  return node.length === 0 ? NO_BYTES : new ProtoWriter().bytes(1, node).finish()
}

function decodeNodeInfo(bytes: Uint8Array): NodeInfo {
  let node: NodeInfo = EMPTY_NODE_INFO
  // Longer than a DHT id on purpose: the reachability protocol puts a peer id here.
  for (const field of protoFields(bytes)) if (field.number === 1) node = field.bytes(MAX_KEY_BYTES)
  return node
}

/** Appends, and refuses lists that only serve to fill memory. */
function push<T>(list: T[], max: number, value: T): void {
  if (list.length >= max) throw protoViolation(`a list longer than ${max}`)
  list.push(value)
}

export function encodePingRequest(request: PingRequest): Uint8Array {
  const writer = new ProtoWriter().bytes(2, encodeNodeInfo(request.node))
  if (request.validate) writer.bool(3, true)
  return writer.finish()
}

export function decodePingRequest(bytes: Uint8Array): PingRequest {
  const request: PingRequest = { node: EMPTY_NODE_INFO, validate: false }
  for (const field of protoFields(bytes)) {
    if (field.number === 2) request.node = decodeNodeInfo(field.bytes())
    else if (field.number === 3) request.validate = field.varint() !== 0
  }
  return request
}

export function encodePingResponse(response: PingResponse): Uint8Array {
  const writer = new ProtoWriter().bytes(2, encodeNodeInfo(response.node))
  if (response.dhtTimeS !== 0) writer.double(4, response.dhtTimeS)
  if (response.available) writer.bool(5, true)
  return writer.finish()
}

export function decodePingResponse(bytes: Uint8Array): PingResponse {
  const response: PingResponse = { node: EMPTY_NODE_INFO, dhtTimeS: 0, available: false }
  for (const field of protoFields(bytes)) {
    if (field.number === 2) response.node = decodeNodeInfo(field.bytes())
    else if (field.number === 4) response.dhtTimeS = field.double()
    else if (field.number === 5) response.available = field.varint() !== 0
  }
  return response
}

export function encodeStoreRequest(request: StoreRequest): Uint8Array {
  const { items } = request
  const writer = new ProtoWriter()
  for (const item of items) writer.bytes(2, item.key)
  for (const item of items) writer.bytes(3, item.subkey)
  for (const item of items) writer.bytes(4, item.value)
  writer.packedDoubles(
    5,
    items.map((item) => item.expirationS),
  )
  writer.packedBools(
    6,
    items.map((item) => item.inCache),
  )
  return writer.bytes(7, encodeNodeInfo(request.node)).finish()
}

/** @throws PROTOCOL_VIOLATION also when the five lists differ in length. */
export function decodeStoreRequest(bytes: Uint8Array): StoreRequest {
  const keys: Uint8Array[] = []
  const subkeys: Uint8Array[] = []
  const values: Uint8Array[] = []
  const expirations: number[] = []
  const inCache: boolean[] = []
  let node: NodeInfo = EMPTY_NODE_INFO
  for (const field of protoFields(bytes)) {
    if (field.number === 2) push(keys, MAX_STORE_ITEMS, field.bytes(MAX_KEY_BYTES))
    else if (field.number === 3) push(subkeys, MAX_STORE_ITEMS, field.bytes(MAX_SUBKEY_BYTES))
    else if (field.number === 4) push(values, MAX_STORE_ITEMS, field.bytes())
    else if (field.number === 5) pushList(expirations, field.doubles())
    else if (field.number === 6) pushList(inCache, field.bools())
    else if (field.number === 7) node = decodeNodeInfo(field.bytes())
  }
  if ([subkeys, values, expirations, inCache].some((list) => list.length !== keys.length)) {
    throw protoViolation('the lists of a store request differ in length')
  }
  const items = keys.map((key, index) => ({
    key,
    subkey: subkeys[index] ?? NO_BYTES,
    value: values[index] ?? NO_BYTES,
    expirationS: expirations[index] ?? 0,
    inCache: inCache[index] ?? false,
  }))
  return { node, items }
}

function pushList<T>(list: T[], values: readonly T[]): void {
  for (const value of values) push(list, MAX_STORE_ITEMS, value)
}

export function encodeStoreResponse(response: StoreResponse): Uint8Array {
  return new ProtoWriter().packedBools(2, response.storeOk).bytes(3, encodeNodeInfo(response.node)).finish()
}

export function decodeStoreResponse(bytes: Uint8Array): StoreResponse {
  const response: StoreResponse = { node: EMPTY_NODE_INFO, storeOk: [] }
  for (const field of protoFields(bytes)) {
    if (field.number === 2) pushList(response.storeOk, field.bools())
    else if (field.number === 3) response.node = decodeNodeInfo(field.bytes())
  }
  return response
}

export function encodeFindRequest(request: FindRequest): Uint8Array {
  const writer = new ProtoWriter()
  for (const key of request.keys) writer.bytes(2, key)
  return writer.bytes(3, encodeNodeInfo(request.node)).finish()
}

export function decodeFindRequest(bytes: Uint8Array): FindRequest {
  const request: FindRequest = { node: EMPTY_NODE_INFO, keys: [] }
  for (const field of protoFields(bytes)) {
    if (field.number === 2) push(request.keys, MAX_FIND_KEYS, field.bytes(MAX_KEY_BYTES))
    else if (field.number === 3) request.node = decodeNodeInfo(field.bytes())
  }
  return request
}

export function encodeFindResponse(response: FindResponse): Uint8Array {
  const writer = new ProtoWriter()
  for (const result of response.results) writer.message(2, (inner) => writeFindResult(inner, result))
  return writer.bytes(3, encodeNodeInfo(response.node)).finish()
}

function writeFindResult(writer: ProtoWriter, result: FindResult): void {
  if (result.kind !== 'missing') {
    writer.varint(1, RESULT_KINDS.indexOf(result.kind))
    if (result.value.length > 0) writer.bytes(2, result.value)
    if (result.expirationS !== 0) writer.double(3, result.expirationS)
  }
  for (const { nodeId } of result.nearest) writer.bytes(4, nodeId)
  for (const { peerId } of result.nearest) writer.bytes(5, peerId)
}

export function decodeFindResponse(bytes: Uint8Array): FindResponse {
  const response: FindResponse = { node: EMPTY_NODE_INFO, results: [] }
  for (const field of protoFields(bytes)) {
    if (field.number === 2) push(response.results, MAX_FIND_KEYS, decodeFindResult(field.bytes()))
    else if (field.number === 3) response.node = decodeNodeInfo(field.bytes())
  }
  return response
}

function decodeFindResult(bytes: Uint8Array): FindResult {
  const result: FindResult = { kind: 'missing', value: NO_BYTES, expirationS: 0, nearest: [] }
  const nodeIds: Uint8Array[] = []
  const peerIds: Uint8Array[] = []
  for (const field of protoFields(bytes)) {
    if (field.number === 1) {
      const kind = RESULT_KINDS[field.varint()]
      if (kind === undefined) throw protoViolation('an unknown kind of find result')
      result.kind = kind
    } else if (field.number === 2) result.value = field.bytes()
    else if (field.number === 3) result.expirationS = field.double()
    else if (field.number === 4) push(nodeIds, MAX_NEIGHBOURS, field.bytes(MAX_KEY_BYTES))
    else if (field.number === 5) push(peerIds, MAX_NEIGHBOURS, field.bytes(2 * MAX_KEY_BYTES))
  }
  if (nodeIds.length !== peerIds.length) throw protoViolation('neighbours without a peer id')
  result.nearest = nodeIds.map((nodeId, index) => ({ nodeId, peerId: peerIds[index] ?? NO_BYTES }))
  return result
}

/** The request of rpc_info; empty asks for the server as a whole. */
export function encodeExpertUid(uid: string): Uint8Array {
  return uid === '' ? NO_BYTES : new ProtoWriter().text(1, uid).finish()
}

export function decodeExpertUid(bytes: Uint8Array): string {
  let uid = ''
  for (const field of protoFields(bytes)) if (field.number === 1) uid = field.text(MAX_UID_BYTES)
  return uid
}

/** The reply of rpc_info: MessagePack in one field. */
export function encodeExpertInfo(serializedInfo: Uint8Array): Uint8Array {
  return new ProtoWriter().bytes(1, serializedInfo).finish()
}

export function decodeExpertInfo(bytes: Uint8Array): Uint8Array {
  let info: Uint8Array = NO_BYTES
  for (const field of protoFields(bytes)) if (field.number === 1) info = field.bytes(65_536)
  return info
}
