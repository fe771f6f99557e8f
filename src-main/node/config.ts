import { availableParallelism } from 'node:os'
import type { ComputeChoice } from '../engine/device-choice'
import type { ServingSize } from '../engine/memory-need'
import type { NetworkProfile } from '../network/profiles'
import type { CountryOf } from '../places/country-table'
import type { ShardStore } from '../shards/store/shard-store'
import type { DataDirectory } from '../storage/data-directory'
import type { Transfers } from './transfers'

/** Everything that a node is told from outside. */
export interface NodeConfig {
  data: DataDirectory
  profile: NetworkProfile
  /** Where it is written how often this user's nodes have announced themselves; absent: in memory only. */
  announcesFile?: string
  publicName: string
  /** Where to begin looking for a free port; 0 leaves it to the OS; null: none, reached through relays alone. */
  listenPort: number | null
  /** Null: no coordinator, so nothing is registered, approved or served. */
  coordinatorUrl: string | null
  /** A person has allowed http:// to a coordinator on another computer. */
  allowsInsecureCoordinator?: boolean
  /** The signed part of an invite link, shown with every registration. */
  invite?: string
  /** Multiaddrs beside those that the coordinator names. */
  bootstraps: readonly string[]
  /** Multiaddrs of the operator's other nodes; with any, they and this one keep one log. */
  ownNodes?: readonly string[]
  /** The whole model on this computer, from which slices are made. Null: none. */
  modelPath: string | null
  /** The operator's limit in GB; null or absent offers half of what there is. */
  offeredMemoryGb?: number | null
  /** What computes, and where its libraries lie; absent: the processor. */
  compute?: ComputeChoice
  /** Of the cards' memory, in GB; null or absent: all that is free. */
  gpuMemoryGb?: number | null
  /** How many blocks the operator would take; null or absent leaves it to the host. */
  requestedBlocks?: number | null
  /** llama.cpp's compute threads. Below the number of cores, or its spin barriers fight with everything else. */
  threads: number
  /** One greedy answer in so many is checked on replicas; null or absent: none. */
  spotCheckEvery?: number | null
  contextTokens: number
  maxSequences: number
  /** Where shards are kept; absent: a store of the node's own in its data directory. */
  store?: ShardStore
  /** What may be changed about files while it runs; absent: nothing is paused or capped. */
  transfers?: Transfers
  /** Where an address is; absent: nobody is placed. */
  countryOf?: CountryOf
}

export const MAX_BATCH_TOKENS = 512

/** Where the operator leaves it open: one core stays free for everything else. */
export function usualThreads(): number {
  return Math.max(1, availableParallelism() - 1)
}

/** What serving takes beside the weights: the caches of all conversations at once, and the largest batch. */
export function servingSizeOf({
  contextTokens,
  maxSequences,
}: Pick<NodeConfig, 'contextTokens' | 'maxSequences'>): ServingSize {
  return { contextTokens: contextTokens * maxSequences, maxSequences, maxBatchTokens: MAX_BATCH_TOKENS }
}
