import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { dialsAnew, natServices } from './nat'
import { PROFILES } from './profiles'

it('routers and strangers are asked for help in real networks only, and for a port only by who listens on one', async () => {
  expect(await natServices(PROFILES.local, true)).toEqual({})
  expect(Object.keys(await natServices(PROFILES.espalier, true)).sort()).toEqual(['autonat', 'dcutr', 'upnp'])
  expect(Object.keys(await natServices(PROFILES.petals, false))).toEqual(['dcutr'])
})

it('who is asked whether an address can be dialled dials it, and does not take the connection that asks', async () => {
  const asked: unknown[] = []
  const connections = {
    count: 3,
    async openConnection(_: unknown, options?: { force?: boolean }) {
      asked.push(options?.force)
      return { id: this.count } as unknown as Connection
    },
    size() {
      return this.count
    },
  }
  const anew = dialsAnew(connections)
  const address = multiaddr('/ip4/45.10.0.2/tcp/31338')
  expect(await anew.openConnection(address)).toEqual({ id: 3 })
  await anew.openConnection([address])
  expect([asked, anew.size()]).toEqual([[true, undefined], 3])
})
