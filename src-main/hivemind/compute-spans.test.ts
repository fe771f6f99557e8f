import { describe, expect, test } from 'vitest'
import { computeSpans } from './compute-spans'
import type { FoundValue } from './found-value'
import { encodeServerInfo, NO_DETAILS, type ServerInfo } from './server-info'

const A = '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB'
const B = 'QmQGTqmM7NKjV6ggU1ZCap8zWiyKR89RViDXiqehSiCpY5'

function value(state: ServerInfo['state'], startBlock: number, endBlock: number): Uint8Array {
  return encodeServerInfo({
    state,
    throughput: 1,
    startBlock,
    endBlock,
    publicName: null,
    version: null,
    ...NO_DETAILS,
  })
}

/** The records of one block, by peer. */
function block(records: Record<string, Uint8Array>): FoundValue {
  const entries = Object.entries(records).map(([peer, bytes]) => [peer, { value: bytes, expirationS: 1 }] as const)
  return { kind: 'dictionary', entries: new Map(entries), expirationS: 1 }
}

const short = (blocks: (FoundValue | null)[], options = {}) =>
  computeSpans(blocks, options).map(({ peer, start, end, info }) => [peer.toString(), start, end, info.state])

describe('spans', () => {
  test('one announced block gives the whole range', () => {
    expect(short([null, block({ [A]: value('online', 0, 4) }), null, null])).toEqual([[A, 0, 4, 'online']])
  })

  test('a range is cut to the model', () => {
    expect(short([block({ [A]: value('online', 0, 99) }), null])).toEqual([[A, 0, 2, 'online']])
  })

  test('a range outside the model is no span', () => {
    expect(short([block({ [A]: value('online', 7, 9) }), null])).toEqual([])
  })

  test('a later record with a higher state wins, one with a lower state does not', () => {
    const blocks = [
      block({ [A]: value('joining', 0, 1), [B]: value('online', 0, 1) }),
      block({ [A]: value('online', 1, 2), [B]: value('offline', 1, 2) }),
    ]
    expect(short(blocks)).toEqual([
      [A, 1, 2, 'online'],
      [B, 0, 1, 'online'],
    ])
  })

  test('states below the wanted one are left out', () => {
    const blocks = [block({ [A]: value('offline', 0, 1), [B]: value('joining', 0, 1) })]
    expect(short(blocks, { minState: 'joining' })).toEqual([[B, 0, 1, 'joining']])
  })

  test('unreadable records, subkeys that are no peer, and regular values are skipped', () => {
    const blocks: (FoundValue | null)[] = [
      block({ nobody: value('online', 0, 1), [A]: new Uint8Array([0xc1]), [B]: value('online', 0, 1) }),
      { kind: 'regular', value: value('online', 0, 1), expirationS: 1 },
    ]
    expect(short(blocks)).toEqual([[B, 0, 1, 'online']])
  })
})
