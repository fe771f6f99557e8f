import type { BlockRange } from '../../src-shared/blocks'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome } from '../engine/probe'
import { median } from '../pipeline/generate'
import { type Manifest, probeBoundary } from '../shards/manifest'

/** Measured here, now; rates count one block, as readers of the records expect. */
export interface Throughput {
  /** Single-token steps per second and block. */
  inferenceRps: number
  /** Tokens of one batch per second and block. */
  forwardRps: number
  /** What the record's `throughput` says: batch tokens per second when a request uses half of our blocks on average. */
  requestsPerSecond: number
}

/** With when and on what: a number that was kept from an earlier start says so. */
export interface MeasuredThroughput extends Throughput {
  /** ms since the epoch. */
  measuredAt: number
  /** The device that the blocks lay on, as its driver calls it. */
  device: string
}

const STEPS = 16
/** What the probe's time has to change by before its speed counts as another: clocks and other programs make it wander. */
const CHANGED_BY = 1.5

/** Times single-token steps through the loaded slice in a sequence of their own, and takes the batch rate of the probe. */
export async function measureThroughput(
  engine: EngineClient,
  manifest: Manifest,
  range: BlockRange,
  probe: ProbeOutcome,
): Promise<Throughput> {
  const blocks = range.end - range.start
  const hidden = probeBoundary(manifest, range.start).slice(0, manifest.embeddingLength)
  const wantLogits = range.end === manifest.blockCount ? 'greedy' : 'none'
  const sequence = engine.openSequence()
  const times: number[] = []
  try {
    for (let position = 0; position < STEPS; position++) {
      const { computeMs } = await engine.run({ items: [{ sequence, position, hidden, wantLogits }] })
      times.push(computeMs)
    }
  } finally {
    await engine.closeSequence(sequence)
  }
  const forwardRps = forwardRpsOf(manifest, range, probe)
  return {
    inferenceRps: (blocks * 1000) / median(times),
    forwardRps,
    requestsPerSecond: forwardRps / ((blocks + 1) / 2),
  }
}

/** Whether a later probe took so much more or less time that what was measured then no longer holds. */
export function isOutdated(
  { forwardRps }: Throughput,
  manifest: Manifest,
  range: BlockRange,
  probe: ProbeOutcome,
): boolean {
  const change = forwardRpsOf(manifest, range, probe) / forwardRps
  return change > CHANGED_BY || change < 1 / CHANGED_BY
}

function forwardRpsOf(manifest: Manifest, { start, end }: BlockRange, { computeMs }: ProbeOutcome): number {
  return ((end - start) * manifest.probe.tokens.length * 1000) / computeMs
}
