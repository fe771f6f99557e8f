import { peerIdFromString } from '@libp2p/peer-id'
import { decodeServerInfo } from '../../src-main/hivemind/server-info'
import { decodeExpertDescription } from '../../src-main/kademlia/expert-info'
import { createKademliaRecords, isToldByOthers } from '../../src-main/kademlia/records'
import type { NetworkClient } from '../../src-main/node/network-client'
import { observeNetwork } from '../../src-main/observe/monitor-state'
import { systemClock } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import { stepOf } from '../live-network'

// The three phases in which the announcement document wants visibility to be verified (M-44). Each is one look: null when
// it passes, else what is wrong.

export const GATES = ['announce-only', 'kad-read-back', 'full-map-query'] as const
export type Gate = (typeof GATES)[number]

const LOOK_TIMEOUT_MS = 10_000

/** The node says that its records are kept, and names somebody else who gave them back. */
function announceOnly(status: NodeStatus): string | null {
  const { state, evidence, blocker } = stepOf(status, 'announce')
  if (state !== 'done') return `announce is ${state}: ${blocker?.cause ?? 'no cause'}`
  const others = evidence.filter(({ kind, by }) => kind === 'peer' && by !== '' && by !== status.peerId)
  return others.length > 0 && others.length === evidence.length ? null : 'nobody else is named as evidence'
}

/** A stranger reads every block's records in both forms, as others keep them; the node is not asked. */
async function readBack(status: NodeStatus, client: NetworkClient): Promise<string | null> {
  const { model, blocks, peerId } = status
  if (!model || !blocks || !peerId) return 'the node has no blocks'
  const self = peerIdFromString(peerId)
  const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS)
  const records = createKademliaRecords({ host: client.host, clock: systemClock, privateKey: null })
  for (let block = blocks.start; block < blocks.end; block++) {
    const key = `${model.dhtPrefix}.${block}`
    const found = await records.find(key, self, signal).catch(() => null)
    const others = found?.from.filter((peer) => !peer.equals(self)) ?? []
    if (!found || others.length === 0) return `${key}: nobody else has a Kademlia record`
    if (decodeExpertDescription(found.record.content).state !== 'online') return `${key}: not online`
    if (!isToldByOthers(await records.findProviders(key, signal), self)) return `${key}: nobody else names a provider`
    const value = (await client.dht.get([key], { signal })).get(key)
    const entry = value?.kind === 'dictionary' ? value.entries.get(peerId) : undefined
    if (!entry || decodeServerInfo(entry.value).state !== 'online') return `${key}: no hivemind record that says online`
  }
  return null
}

/** What a map of this network shows, in both forms: the node's row, online over all of its blocks, and it answers. */
async function mapQuery(status: NodeStatus, client: NetworkClient): Promise<string | null> {
  const { model, blocks, peerId } = status
  if (!model || !blocks) return 'the node has no blocks'
  for (const form of ['hivemind', 'kademlia'] as const) {
    const { state } = await observeNetwork({
      host: client.host,
      view: client.view(form, [model.dhtPrefix]),
      bootstraps: client.bootstraps,
      updatePeriodMs: 1_000,
      clock: systemClock,
    })
    const rows = state.model_reports.flatMap(({ server_rows }) => server_rows)
    const row = rows.find(({ peer_id }) => peer_id === peerId)
    if (!row) return `${form}: the map has no row`
    if (row.state !== 'online') return `${form}: the map says ${row.state}`
    if (row.span.start !== blocks.start || row.span.end !== blocks.end) return `${form}: the map shows other blocks`
  }
  return null
}

export async function lookThrough(gate: Gate, status: NodeStatus, client: NetworkClient): Promise<string | null> {
  if (gate === 'announce-only') return announceOnly(status)
  return gate === 'kad-read-back' ? readBack(status, client) : mapQuery(status, client)
}
