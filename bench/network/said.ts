import type { ServerInfo } from '../../src-main/hivemind/server-info'
import type { BlockRange } from '../../src-shared/blocks'

export const MODEL = { dhtPrefix: 'Bench-80', blockCount: 80, repository: null }

/** What a server says about itself, as long as it is in real networks. */
export function serverInfo(range: BlockRange): ServerInfo {
  return {
    state: 'online',
    throughput: 12.5,
    startBlock: range.start,
    endBlock: range.end,
    publicName: 'a node that is measured',
    version: '0.1.0',
    networkRps: 100.5,
    forwardRps: 250.25,
    inferenceRps: 12.5,
    adapters: [],
    torchDtype: 'float32',
    quantType: 'q8_0',
    usingRelay: false,
    cacheTokensLeft: 16_384,
    nextPings: null,
  }
}
