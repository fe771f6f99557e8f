import type { Clock } from '../../src-shared/clock'
import { runProbe } from '../engine/probe'
import type { HivemindDht } from '../hivemind/dht'
import { serveRpcInfo } from '../hivemind/rpc-info'
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
  askWitness: typeof askWitness
  startPipeline(pipeline: Pipeline): Promise<void>
  /** The DHT that the announcer stores through. */
  announcerDht(dht: HivemindDht): HivemindDht
  announcerClock(clock: Clock): Clock
  heartbeatClock(clock: Clock): Clock
}

export const REAL_ROOMS: NodeRooms = {
  dialBootstraps,
  fetchShard,
  runProbe,
  serveRpcInfo,
  askWitness,
  startPipeline: (pipeline) => pipeline.start(),
  announcerDht: (dht) => dht,
  announcerClock: (clock) => clock,
  heartbeatClock: (clock) => clock,
}
