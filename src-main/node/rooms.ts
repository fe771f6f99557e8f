import type { Clock } from '../../src-shared/clock'
import { runProbe } from '../engine/probe'
import type { HivemindDht } from '../hivemind/dht'
import { serveRpcCheck } from '../hivemind/rpc-check'
import { serveRpcInfo } from '../hivemind/rpc-info'
import { serveExpertInfo } from '../kademlia/expert-rpc'
import type { KademliaRecords } from '../kademlia/records'
import { dialBootstraps } from '../network/bootstrap'
import { askWitness } from '../observe/witness-client'
import type { Pipeline } from '../pipeline/pipeline'
import { fetchShard } from '../shards/fetch/fetch-shard'

/**
 * What other rooms do for the node, in one place where tests can make any of them do nothing: the node must notice,
 * because its lights depend on what others saw and not on these having returned.
 */
export interface NodeRooms {
  dialBootstraps: typeof dialBootstraps
  fetchShard: typeof fetchShard
  runProbe: typeof runProbe
  serveRpcInfo: typeof serveRpcInfo
  serveRpcCheck: typeof serveRpcCheck
  serveExpertInfo: typeof serveExpertInfo
  askWitness: typeof askWitness
  startPipeline(pipeline: Pipeline): Promise<void>
  /** The DHT that the announcer stores through. */
  announcerDht(dht: HivemindDht): HivemindDht
  /** The Kademlia records that the announcer writes through. */
  announcerRecords(records: KademliaRecords): KademliaRecords
  announcerClock(clock: Clock): Clock
  heartbeatClock(clock: Clock): Clock
}

export const REAL_ROOMS: NodeRooms = {
  dialBootstraps,
  fetchShard,
  runProbe,
  serveRpcInfo,
  serveRpcCheck,
  serveExpertInfo,
  askWitness,
  startPipeline: (pipeline) => pipeline.start(),
  announcerDht: (dht) => dht,
  announcerRecords: (records) => records,
  announcerClock: (clock) => clock,
  heartbeatClock: (clock) => clock,
}
