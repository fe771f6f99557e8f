import type { BlockRange } from '../../src-shared/blocks'
import { VERSION } from '../../src-shared/version'
import type { ServerInfo } from '../hivemind/server-info'
import type { Manifest } from '../shards/manifest'
import type { NodeConfig } from './config'
import type { Throughput } from './measure-throughput'

/** What a node says about itself: ONLINE with measured numbers, or JOINING with none. */
export function serverInfoFor(options: {
  config: NodeConfig
  manifest: Manifest
  range: BlockRange
  /** Null while nothing is loaded and proven. */
  throughput: Throughput | null
  cacheTokensLeft: number
  usingRelay: boolean
}): ServerInfo {
  const { config, manifest, range, throughput, cacheTokensLeft } = options
  return {
    state: throughput ? 'online' : 'joining',
    throughput: throughput?.requestsPerSecond ?? 0,
    startBlock: range.start,
    endBlock: range.end,
    publicName: config.publicName,
    version: VERSION,
    networkRps: null,
    forwardRps: throughput?.forwardRps ?? null,
    inferenceRps: throughput?.inferenceRps ?? null,
    adapters: [],
    torchDtype: 'float32',
    quantType: manifest.quantization,
    usingRelay: options.usingRelay,
    cacheTokensLeft,
    nextPings: null,
  }
}
