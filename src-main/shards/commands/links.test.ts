import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, StreamHandler } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { streamPair } from '@libp2p/utils'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import type { Host } from '../../network/host'
import { createEventLog } from '../../storage/event-log'
import { type CommandService, createCommandService } from './command-service'

const PEERS = 8
const ROOT = 'ab'.repeat(32)
const accept = () => ({ status: 'accepted' }) as const

interface Peer {
  readonly id: string
  readonly host: Host
  readonly service: CommandService
  handler: StreamHandler | null
}

/** Peers that reach each other over streams in memory, except where a link is cut. */
async function meshOf(count: number, isCut: (from: string, to: string) => boolean): Promise<Peer[]> {
  const peers: Peer[] = []
  for (let index = 0; index < count; index++) {
    const privateKey = await generateKeyPair('Ed25519')
    const peerId = peerIdFromPrivateKey(privateKey)
    const id = peerId.toString()
    const host = {
      peerId,
      getConnections: () => [{ status: 'open' }],
      async handle(_: string, handler: StreamHandler) {
        peer.handler = handler
      },
      async unhandle() {
        peer.handler = null
      },
      async dialProtocol(to: { toString(): string }) {
        if (isCut(id, to.toString())) throw new Error('no route to host')
        const [out, into] = await streamPair({ delay: 0 })
        const other = peers.find((one) => one.id === to.toString())
        void other?.handler?.(into, { remotePeer: peerId } as Connection)
        return out
      },
    } as unknown as Host
    const service = createCommandService({
      ...{ host, privateKey, clock: systemClock, log: createEventLog(systemClock, null) },
      handlers: {
        LOAD_SHARD: accept,
        CANCEL: accept,
        SHARD_LOADED: accept,
        PROVE_SHARD: accept,
        ASK_CAPABILITIES: accept,
        ASK_VIEW: () => ({ status: 'view', loaded: [] }),
      },
    })
    const peer: Peer = { id, host, service, handler: null }
    peers.push(peer)
    await service.start()
  }
  return peers
}

it('S-44: of the links of eight peers one is cut: exactly its two cells say so, with the reason', async () => {
  const cut = new Set<string>()
  const peers = await meshOf(PEERS, (from, to) => cut.has(from) && cut.has(to))
  for (const index of [2, 5]) cut.add(peers[index]!.id)
  const pairs = peers.flatMap((from) => peers.flatMap((to) => (from === to ? [] : [{ from, to }])))
  await Promise.all(
    pairs.map(({ from, to }) =>
      from.service.send(to.host.peerId, { type: 'ASK_VIEW', root: ROOT }).catch(() => undefined),
    ),
  )
  const cells = pairs.map(({ from, to }) => {
    const { outcome, roundTripMs } = from.service.lastSent().find(({ peer }) => peer === to.id)!
    return { row: peers.indexOf(from), column: peers.indexOf(to), outcome, roundTripMs }
  })
  expect(cells).toHaveLength(PEERS * (PEERS - 1))
  const broken = { outcome: 'PEER_UNREACHABLE', roundTripMs: null }
  expect(cells.filter(({ outcome }) => outcome !== 'view')).toEqual([
    { row: 2, column: 5, ...broken },
    { row: 5, column: 2, ...broken },
  ])
})
