import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { RouteChange } from '../../src-shared/routing-trace'
import { createHivemindDht, type HivemindDht } from '../hivemind/dht'
import { createKademliaRecords } from '../kademlia/records'
import { createKwaaiNetwork } from '../kwaai/kwaai-network'
import { dialBootstraps } from '../network/bootstrap'
import { routingReady } from '../network/find-peer'
import { createHost, type Host } from '../network/host'
import { groupByPeer, parsePeerAddresses } from '../network/peer-addresses'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import { kademliaView } from '../observe/kademlia-view'
import { hivemindView, type NetworkView } from '../observe/network-view'
import { createPipeline, type Pipeline } from '../pipeline/pipeline'
import type { RouteStage } from '../pipeline/route'
import { createRouter, type RoutedModel, type RoutedRequest } from '../pipeline/routing/router'
import type { EventLog } from '../storage/event-log'
import { offersOf } from './route-candidates'

/** A guest in a network: looks things up and asks, serves nothing, announces nothing. */
export interface NetworkClient {
  readonly host: Host
  readonly dht: HivemindDht
  readonly pipeline: Pipeline
  readonly bootstraps: PeerId[]
  /** @param tracked DHT prefixes of the models to look for, where the form has no index of them */
  view(form: RecordForm, tracked: readonly string[]): NetworkView
  /** The cheapest chain over all blocks, from what the DHT says now. Throws CHAIN_INCOMPLETE. */
  findRoute(model: { dhtPrefix: string; blockCount: number }, signal: AbortSignal): Promise<RouteStage[]>
  /** A request's way through the servers of a model, which changes when one of them is lost. */
  request(
    model: { dhtPrefix: string; blockCount: number; root?: string },
    contextTokens: number,
    onChange?: (change: RouteChange) => void,
  ): RoutedRequest
  close(): Promise<void>
}

const ROUTING_TIMEOUT_MS = 10_000

/** Joins through multiaddrs. Throws MULTIADDR_INVALID when none is one, BOOTSTRAP_UNREACHABLE when none answers. */
export async function openNetworkClient(options: {
  profile: NetworkProfile
  bootstraps: readonly string[]
  clock: Clock
  log: EventLog
}): Promise<NetworkClient> {
  const { profile, clock, log } = options
  const { valid, invalid } = parsePeerAddresses(options.bootstraps)
  for (const { report } of invalid) log.write('warn', 'bootstrap.address.invalid', report.cause)
  if (valid.length === 0) {
    throw new EspalierError(
      'MULTIADDR_INVALID',
      invalid.map(({ entry }) => `“${entry}”`).join(', ') || 'no bootstrap address was given',
    )
  }
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile,
    port: null,
    kadMode: 'client',
  })
  const bootstraps = valid.map(({ peerId }) => peerId)
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'client', bootstrapPeers: () => bootstraps })
  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage: () => null,
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  const kwaai = profile.speaksKwaai ? createKwaaiNetwork({ host, clock, pipeline, stage: () => null }) : null
  const router = createRouter({ host, pipeline, ...kwaai?.asking, clock, log })
  const close = async () => {
    await pipeline.stop()
    await dht.stop()
    await host.stop()
  }
  const view = (form: RecordForm, tracked: readonly string[]): NetworkView =>
    form === 'hivemind'
      ? hivemindView(dht, profile)
      : kademliaView({
          host,
          records: createKademliaRecords({ host, clock, privateKey: null }),
          tracked,
          countsRecords: true,
        })
  function routed(model: { dhtPrefix: string; blockCount: number; root?: string }): RoutedModel {
    let known: ReturnType<typeof offersOf> = []
    return {
      root: model.root ?? null,
      blockCount: model.blockCount,
      async offers(isFresh, signal) {
        if (!isFresh && known.length > 0) return known
        const { spans } = await view(profile.recordForms[0], [model.dhtPrefix]).readServers(model, signal)
        known = offersOf(spans)
        return known
      },
    }
  }
  try {
    const outcomes = await dialBootstraps(host, groupByPeer(valid), clock)
    if (outcomes.every(({ error }) => error !== null)) {
      throw new EspalierError('BOOTSTRAP_UNREACHABLE', outcomes.map(({ error }) => error?.cause).join('; '))
    }
    await routingReady(host, AbortSignal.timeout(ROUTING_TIMEOUT_MS))
    await dht.bootstrap(bootstraps, { signal: AbortSignal.timeout(15_000) })
    await pipeline.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    host,
    dht,
    pipeline,
    bootstraps,
    view,
    findRoute: (model, signal) => router.request(routed(model), 0).route(signal),
    request: (model, contextTokens, onChange) => router.request(routed(model), contextTokens, onChange),
    close,
  }
}
