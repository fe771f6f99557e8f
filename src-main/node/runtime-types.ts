import type { Clock } from '../../src-shared/clock'
import type { EngineProcess } from '../engine/engine'
import type { StartReport } from '../engine/protocol'
import type { Pipeline } from '../pipeline/pipeline'
import type { Router } from '../pipeline/routing/router'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { NodeFacts } from './facts'
import type { LanDiscovery } from './lan-discovery'
import type { Scope } from './lifecycle'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { PeerLink } from './peer-links'
import type { PeerView } from './peer-watch'
import type { ReadBack } from './read-back'
import type { NodeRooms } from './rooms'
import type { NodeTalk } from './start-network'
import type { Steps } from './steps'
import type { Swarm } from './swarm'

export interface RuntimeOptions {
  config: NodeConfig
  clock: Clock
  log: EventLog
  rooms: NodeRooms
  steps: Steps
  facts: NodeFacts
  spawnEngine: () => EngineProcess
  scope: Scope
  /** Whether a node that ends comes back soon: the coordinator then keeps its place. */
  keepsPlace(): boolean
  /** Something in `facts` has changed. */
  onChange(): void
}

/** What other parts of the node may ask of a running one. */
export interface Runtime {
  readonly pipeline: Pipeline
  readonly shard: LoadedShard | null
  /** The blocks that are ours, loaded or not; null before some are assigned. */
  readonly target: ShardTarget | null
  /** What the engine said when it started; null while none runs. */
  readonly engineReport: StartReport | null
  /** This node among the others that serve its model. */
  readonly swarm: Swarm
  /** Fetches, loads and proves now what is assigned here; does nothing while that is under way or done. */
  loadNow(): void
  /** Ends the fetch or load under way, until `loadNow`; what was fetched is kept. */
  cancelLoad(): void
  /** While the bytes are missing: looks for them no more until somebody commands it, or `loadNow`. */
  awaitLoad(): void
  /** Asks the host to be considered again, after a rejection or refusal. Throws NO_COORDINATOR. */
  reapply(): void
  /** The computer is about to sleep: others are told. Resolves when that is written or could not be. */
  sleep(): Promise<void>
  /** It is awake again, whether it slept or not. */
  wake(): void
  /** What each bootstrap has of our records, read now; empty while there are none. */
  readBack(signal: AbortSignal): Promise<ReadBack[]>
  /** What the DHT says about the servers of our model, read now. */
  refreshView(): Promise<PeerView>
  /** What was seen last. */
  seen(): PeerView
  /** Open connections, and the bootstraps that are known, as multiaddrs. */
  links(): { open: PeerLink[]; bootstraps: string[] }
  lanDiscovery(): LanDiscovery
  readonly router: Router
  readonly talk: NodeTalk
}
