import type { PeerId } from '@libp2p/interface'
import type { ServerSpan } from '../hivemind/compute-spans'
import { blockKey, decodeModelInfo } from '../hivemind/server-info'
import { type ExpertDescription, serverInfoOf } from '../kademlia/expert-info'
import { callExpertInfo } from '../kademlia/expert-rpc'
import { modelKey } from '../kademlia/keys'
import { isToldByOthers, type KademliaRecords } from '../kademlia/records'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import type { ModelOfNetwork, NetworkView } from './network-view'

const CALLS_AT_ONCE = 8
const CALL_TIMEOUT_MS = 5_000

/**
 * Through Kademlia, as the map of the announcement document looks: providers of a model's key, then a call to each
 * about itself. This form has no index of models, so those to look for are given.
 */
export function kademliaView(options: {
  host: Host
  records: KademliaRecords
  /** DHT prefixes of the models to look for. */
  tracked: readonly string[]
  /** Looks up every block's providers too: many queries, and the count of records means something. */
  countsRecords: boolean
  /** What is said about ourselves; nobody can dial itself. */
  self?: () => ExpertDescription | null
}): NetworkView {
  const { host, records, tracked } = options

  async function ask(peer: PeerId, blockCount: number, signal: AbortSignal): Promise<ServerSpan | null> {
    const description = peer.equals(host.peerId) ? (options.self?.() ?? null) : await callPeer(peer, signal)
    if (!description || description.endBlock > blockCount) return null
    return { peer, start: description.startBlock, end: description.endBlock, info: serverInfoOf(description) }
  }

  async function callPeer(peer: PeerId, parent: AbortSignal): Promise<ExpertDescription | null> {
    const signal = AbortSignal.any([parent, AbortSignal.timeout(CALL_TIMEOUT_MS)])
    try {
      await reachPeer(host, peer, signal)
      return await callExpertInfo(host, peer, '', { signal })
    } catch {
      // Provider records outlive their writers; who does not answer is not there.
      return null
    }
  }

  async function recordCount(
    spans: readonly ServerSpan[],
    model: { dhtPrefix: string; blockCount: number },
    signal: AbortSignal,
  ): Promise<number> {
    const blocks = Array.from({ length: model.blockCount }, (_, block) => block)
    const counts = await mapAtOnce(blocks, async (block) => {
      const providers = await records.findProviders(blockKey(model.dhtPrefix, block), signal)
      return spans.filter(({ peer, start, end }) => start <= block && block < end && isToldByOthers(providers, peer))
        .length
    })
    return counts.reduce((sum, count) => sum + count, 0)
  }

  return {
    form: 'kademlia',
    async readModels(signal) {
      const found = await mapAtOnce(tracked, async (dhtPrefix): Promise<ModelOfNetwork | null> => {
        const key = modelKey(dhtPrefix)
        for (const { peer } of await records.findProviders(key, signal)) {
          const value = await records.find(key, peer, signal)
          try {
            if (value) return { ...decodeModelInfo(value.record.content), dhtPrefix }
          } catch {
            // One server's unreadable entry does not hide the others'.
          }
        }
        return null
      })
      return found.filter((model) => model !== null)
    },
    async readServers(model, signal) {
      const providers = await records.findProviders(modelKey(model.dhtPrefix), signal)
      const spans = (await mapAtOnce(providers, ({ peer }) => ask(peer, model.blockCount, signal))).filter(
        (span) => span !== null,
      )
      return { spans, recordCount: options.countsRecords ? await recordCount(spans, model, signal) : 0 }
    },
  }
}

async function mapAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T)
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
  return results
}
