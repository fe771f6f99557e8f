import { peerIdFromString } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { EMPTY_NODE_INFO, encodePingRequest } from './messages'
import { decodeCheckRequest, encodeCheckReply, encodeCheckRequest } from './rpc-check'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

// Ids and bytes of the reference's vectors; the messages as protobuf's own code for Python writes them.
const ED25519 = '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB'
const RSA = 'QmQGTqmM7NKjV6ggU1ZCap8zWiyKR89RViDXiqehSiCpY5'
const REQUESTS = [
  [ED25519, '12280a2600240801122003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8'],
  [RSA, '12240a2212201ca4c31e78ec2fe7292f5a4b08229783476d37050ce1459f7223d604c92ea50e'],
] as const

describe('rpc_check', () => {
  it.each(REQUESTS)('names %s by the bytes of its id', (text, expected) => {
    const peer = peerIdFromString(text)
    expect(hex(encodeCheckRequest(peer))).toBe(expected)
    expect(decodeCheckRequest(Buffer.from(expected, 'hex')).toString()).toBe(text)
  })

  it('answers with nothing but the word', () => {
    expect(hex(encodeCheckReply(true))).toBe('2801')
    expect(hex(encodeCheckReply(false))).toBe('')
  })

  it.each([
    ['no node', EMPTY_NODE_INFO],
    ['a DHT’s node id', new Uint8Array(20).fill(7)],
    ['an id that is cut off', Buffer.from('0024080112', 'hex')],
  ])('refuses a request with %s', (_, node) => {
    expect(() => decodeCheckRequest(encodePingRequest({ node, validate: false }))).toThrow('rpc_check without')
  })
})
