import { describe, expect, it } from 'vitest'
import { checkOwnAddress } from './own-address'
import { createPeerCache, MAX_CACHED_PEERS, type PeerCacheFile } from './peer-cache'

const self = {
  peerId: '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
  workerId: 'w-1',
  addresses: ['/ip4/203.0.113.5/tcp/31337/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'],
}
const entry = (host: string, port: number, id: string) => `/ip4/${host}/tcp/${port}/p2p/${id}`

describe('the coordinator’s entry for this node', () => {
  it('C-04, C-35, X-08: a wrong port is named as it stands', () => {
    const verdict = checkOwnAddress([entry('203.0.113.5', 31_338, self.peerId)], self)
    expect(verdict).toMatchObject({
      kind: 'wrong',
      mismatch: 'coordinator advertises :31338, you listen on :31337',
    })
  })

  it('C-35, X-09: so are a wrong host and a wrong id', () => {
    const verdict = checkOwnAddress([entry('198.51.100.1', 31_337, 'w-1')], self)
    expect(verdict).toMatchObject({ kind: 'wrong' })
    if (verdict.kind !== 'wrong') return
    expect(verdict.mismatch).toContain('the host 198.51.100.1, yours is 203.0.113.5')
    expect(verdict.mismatch).toContain(`lists you as w-1, your peer id is ${self.peerId}`)
  })

  it('C-35, C-36: a right entry is right, and none is none', () => {
    expect(checkOwnAddress([entry('203.0.113.5', 31_337, self.peerId)], self).kind).toBe('right')
    expect(checkOwnAddress(['junk', entry('203.0.113.9', 31_337, 'QmBootstrap')], self).kind).toBe('not-listed')
  })
})

describe('the last good peers', () => {
  it('C-38: are the newest 50, and outlive the process', async () => {
    let file: PeerCacheFile | null = null
    let saves = 0
    const store = {
      load: async () => file,
      save: async (next: PeerCacheFile) => {
        saves += 1
        file = next
      },
    }
    const cache = createPeerCache(store)
    for (let i = 0; i < 60; i += 1) await cache.note([`/ip4/203.0.113.1/tcp/${i + 1}/p2p/x`], i)
    expect(saves).toBe(60)
    await cache.note(['/ip4/203.0.113.1/tcp/60/p2p/x'], 61)
    expect(saves).toBe(60)
    const again = await createPeerCache(store).load()
    expect(again).toHaveLength(MAX_CACHED_PEERS)
    expect(again[0]).toBe('/ip4/203.0.113.1/tcp/60/p2p/x')
    expect(again).not.toContain('/ip4/203.0.113.1/tcp/10/p2p/x')
  })
})
