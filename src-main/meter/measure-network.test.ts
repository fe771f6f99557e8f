import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import type { NetworkClient } from '../node/network-client'
import type { ServerSpan } from '../observe/model-servers'
import { readServers } from './measure-network'

it('every server is asked, 32 at once; of more than 256 the others are no silent ones', async () => {
  const key = await generateKeyPair('Ed25519')
  const text = peerIdFromPrivateKey(key).toString()
  let [atOnce, most, pings] = [0, 0, 0]
  const client = {
    host: {
      getConnections: () => [{ status: 'open' }],
      services: {
        ping: {
          async ping() {
            pings++
            most = Math.max(most, ++atOnce)
            await new Promise((resolve) => setImmediate(resolve))
            atOnce--
            return 5
          },
        },
      },
    },
  } as unknown as NetworkClient
  const info = { state: 'online', inferenceRps: 100, nextPings: null }
  const peer = { toString: () => text }
  const spans = Array.from({ length: 260 }, () => ({ peer, start: 0, end: 1, info })) as unknown as ServerSpan[]
  const servers = await readServers(client, spans, 'nobody')
  expect([most, pings]).toEqual([32, 256 * 3])
  expect(servers.map(({ roundTripMs }) => roundTripMs)).toEqual([...Array(256).fill(5), ...Array(4).fill(null)])
  expect(servers.filter(({ isUnasked }) => isUnasked)).toHaveLength(4)
})
