import type { Meter } from '../../src-shared/meter'

/** A network that joining would make slower, and a computer that the model does not fit into. */
export function meterOf(modelName: string): Meter {
  return {
    ...{ modelName, blockCount: 32, at: 1_795_268_700_000, verdict: 'slower' },
    alone: { tokensPerSecond: null, reason: 'Does not fit: 12 of 32 blocks do' },
    now: { measured: 6.42, estimated: 7.05, reason: null, nodes: 5, hops: 3 },
    together: { estimated: 4.31, reason: null, blocks: { start: 8, end: 16 } },
  }
}
