import type { PeerId, PrivateKey } from '@libp2p/interface'
import type { QueryEvent } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { evictFromRouting } from '../network/evict-gone'
import type { Host } from '../network/host'
import { openRecord, type SignedRecord, sealRecord } from './envelope'
import { providerCid, recordKey } from './keys'

/** What a query's own events said, because its promise says nothing: it resolves also when nobody stored anything. */
export interface Acknowledged {
  /** Peers, other than us, that answered that they keep the value. */
  ackedBy: PeerId[]
  failures: string[]
}

export interface KademliaRecords {
  /** Signs and stores a value of ours. @throws TIMED_OUT or CANCELLED by the signal */
  put(key: string, record: SignedRecord, signal: AbortSignal): Promise<Acknowledged>
  /** Says that we provide the key. Nobody acknowledges that in Kademlia: read it back. Returns who was told. */
  provide(key: string, signal: AbortSignal): Promise<PeerId[]>
  /** Ends the library's own refreshing of what `provide` said. */
  stopProviding(key: string): Promise<void>
  /** The newest value of this writer under a key, as other peers have it, and who had it. */
  find(key: string, writer: PeerId, signal: AbortSignal): Promise<{ record: SignedRecord; from: PeerId[] } | null>
  /** Who is said to provide a key. Providers that have left may still be listed. */
  findProviders(key: string, signal: AbortSignal): Promise<Provider[]>
}

export interface Provider {
  peer: PeerId
  /** Peers other than us that named it. A peer may name itself, which proves nothing about others. */
  toldBy: PeerId[]
}

/** Whether somebody other than the provider itself names it. */
export function isToldByOthers(providers: readonly Provider[], peer: PeerId): boolean {
  return providers.some(
    (provider) => provider.peer.equals(peer) && provider.toldBy.some((teller) => !teller.equals(peer)),
  )
}

const MAX_PROVIDERS = 1_000

/**
 * Kademlia records and provider records in the form of the announcement document. Costs many small calls: about
 * 100 times the CPU of the hivemind form for a model of 80 blocks.
 */
export function createKademliaRecords(options: {
  host: Host
  clock: Clock
  privateKey: PrivateKey | null
}): KademliaRecords {
  const { host, clock, privateKey } = options
  const { dht } = host.services
  const isSelf = (peer: PeerId) => peer.equals(host.peerId)

  async function events(query: AsyncIterable<QueryEvent>, signal: AbortSignal, each: (event: QueryEvent) => void) {
    try {
      for await (const event of query) {
        if (event.name === 'QUERY_ERROR') evictFromRouting(host, event.from)
        each(event)
      }
    } catch (error) {
      if (signal.aborted) throw new EspalierError('TIMED_OUT', 'a Kademlia query', { cause: error })
      throw new EspalierError('PEER_UNREACHABLE', `a Kademlia query: ${messageOf(error)}`, { cause: error })
    }
  }

  return {
    async put(key, record, signal) {
      if (!privateKey) throw new EspalierError('INTERNAL', 'a reader cannot write records')
      const wireKey = recordKey(key, peerIdFromPrivateKey(privateKey))
      const value = await sealRecord(wireKey, record, privateKey)
      const acked = new Map<string, PeerId>()
      const failures: string[] = []
      await events(dht.put(wireKey, value, { signal }), signal, (event) => {
        if (event.name === 'QUERY_ERROR') failures.push(`${event.from}: ${event.error.message}`)
        if (event.name !== 'PEER_RESPONSE' || event.messageName !== 'PUT_VALUE' || isSelf(event.from)) return
        // Who keeps a value sends it back; an echo of something else is no acknowledgement.
        if (event.record && Buffer.from(event.record.value).equals(value)) acked.set(event.from.toString(), event.from)
      })
      return { ackedBy: [...acked.values()], failures }
    },
    async provide(key, signal) {
      const told = new Map<string, PeerId>()
      await events(dht.provide(providerCid(key), { signal }), signal, (event) => {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER' && !isSelf(event.from)) {
          told.set(event.from.toString(), event.from)
        }
      })
      return [...told.values()]
    },
    stopProviding: (key) => dht.cancelReprovide(providerCid(key)),
    async find(key, writer, signal) {
      const wireKey = recordKey(key, writer)
      const values: { value: Uint8Array; from: PeerId }[] = []
      try {
        await events(dht.get(wireKey, { signal }), signal, (event) => {
          // Not the query's own result: that may be what we ourselves have stored.
          if (event.name === 'PEER_RESPONSE' && event.record && !isSelf(event.from)) {
            values.push({ value: event.record.value, from: event.from })
          }
        })
      } catch (error) {
        // The library ends a query with an error when it could not correct a peer that has an older value.
        if (values.length === 0 || signal.aborted) throw error
      }
      let best: { record: SignedRecord; from: PeerId[] } | null = null
      for (const { value, from } of values) {
        const record = await openRecord(wireKey, value, clock).catch(() => null)
        if (!record) continue
        if (!best || record.writtenAt > best.record.writtenAt) best = { record, from: [from] }
        else if (record.writtenAt === best.record.writtenAt) best.from.push(from)
      }
      return best
    },
    async findProviders(key, signal) {
      const providers = new Map<string, Provider>()
      await events(dht.findProviders(providerCid(key), { signal }), signal, (event) => {
        // Not the library's own PROVIDER events: they leave out what our own store has told already.
        if (event.name !== 'PEER_RESPONSE' || isSelf(event.from)) return
        for (const { id } of event.providers) {
          const known = providers.get(id.toString())
          if (known) known.toldBy.push(event.from)
          else if (providers.size < MAX_PROVIDERS) providers.set(id.toString(), { peer: id, toldBy: [event.from] })
        }
      })
      return [...providers.values()]
    },
  }
}
