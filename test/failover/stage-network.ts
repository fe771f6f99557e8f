import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import type { EngineClient } from '../../src-main/engine/engine'
import { sliceModel } from '../../src-main/engine/testing/slice-chain'
import {
  createEngineFactory,
  type EngineFactory,
  SAMPLE_MODEL,
  testSpec,
} from '../../src-main/engine/testing/test-engine'
import type { Host } from '../../src-main/network/host'
import { createEngineStage } from '../../src-main/node/engine-stage'
import { checkPeer } from '../../src-main/pipeline/check'
import { createFailover, type FailoverEvents } from '../../src-main/pipeline/failover/failover'
import { forReplacement } from '../../src-main/pipeline/failover/replacement'
import { createPipeline, type Pipeline } from '../../src-main/pipeline/pipeline'
import { type Candidate, chooseRoute } from '../../src-main/pipeline/route'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { readManifest } from '../../src-main/shards/manifest'
import { createEventLog, type LogEvent } from '../../src-main/storage/event-log'
import { type Clock, systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'
import { SAMPLE_MANIFEST } from '../models/sample-manifest'

export const CUTS = [0, 3, 6, 8] as const
export const CONTEXT_TOKENS = 256

export interface StageNode {
  readonly host: Host
  readonly peer: string
  readonly pipeline: Pipeline
  readonly log: readonly LogEvent[]
  /** As if its computer lost power: all connections break at once. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const SEQUENCES = 4

/** Slices of the sample model, each in one engine process, which any number of nodes may serve from. */
export async function openSlices(cuts: readonly number[] = CUTS, contextTokens = CONTEXT_TOKENS) {
  const factory: EngineFactory = await createEngineFactory()
  const directory = await mkdtemp(join(tmpdir(), 'espalier-failover-'))
  const manifest = await readManifest(SAMPLE_MANIFEST)
  const { entry, slices } = await sliceModel(SAMPLE_MODEL, cuts, directory)
  const engines: EngineClient[] = []
  const runners: StageRunner[] = []
  for (const [index, slicePath] of slices.entries()) {
    const engine = await factory.start()
    const spec = testSpec({
      ...{ slicePath, entryPath: index === 0 ? entry : null, isLast: index === slices.length - 1 },
      ...{ contextTokens: SEQUENCES * contextTokens, maxSequences: SEQUENCES },
    })
    const report = await engine.load(spec)
    const range = { start: cuts[index] ?? 0, end: cuts[index + 1] ?? 0 }
    engines.push(engine)
    runners.push(createEngineStage(engine, { manifest, range }, report, contextTokens))
  }
  return {
    factory,
    manifest,
    engines,
    runners,
    async close() {
      await factory.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const log = createEventLog(systemClock, null)

export async function startStageNode(
  runner: () => StageRunner | null,
  clock: Clock = systemClock,
  keeping: Pick<Parameters<typeof createPipeline>[0], 'keptDirectory' | 'keepingLimits'> = {},
): Promise<StageNode> {
  const host = await loopbackHost()
  const events: LogEvent[] = []
  const nodeLog = createEventLog(systemClock, null)
  nodeLog.subscribe((event) => void events.push(event))
  const pipeline = createPipeline({
    ...{ host, clock, log: nodeLog, stage: runner, ...keeping },
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await pipeline.start()
  const stop = async () => {
    await pipeline.stop()
    await host.stop()
  }
  return {
    ...{ host, peer: host.peerId.toString(), pipeline, log: events, stop },
    async kill() {
      for (const connection of host.getConnections()) connection.abort(new Error('killed'))
      await host.stop()
      await pipeline.stop().catch(() => undefined)
    },
  }
}

interface AskerOptions {
  blockCount: number
  patienceMs?: number
  events?: Partial<FailoverEvents>
  clock?: Clock
}

/** Sessions of this host that survive a node. `candidates` is what the network would tell. */
export function failoverOf(
  { host, pipeline }: Pick<StageNode, 'host' | 'pipeline'>,
  candidates: () => readonly Candidate[],
  options: AskerOptions,
) {
  const { blockCount } = options
  const self = host.peerId.toString()
  return createFailover({
    open: pipeline.openSession,
    routes: {
      choose: async (avoid) =>
        chooseRoute(
          candidates().filter(({ peer }) => !avoid.has(peer)),
          blockCount,
        ),
      replace: async (lost, route, avoid) =>
        chooseRoute(
          forReplacement(candidates(), route, lost).filter(({ peer }) => !avoid.has(peer)),
          blockCount,
        ),
    },
    check: async (peer, signal, session) =>
      peer === self
        ? { progress: pipeline.progressOf(session ?? '') }
        : checkPeer(host, peerIdFromString(peer), signal, session),
    self,
    ...options,
    clock: options.clock ?? systemClock,
  })
}

/** The asking side: a guest. */
export async function startAsker(candidates: () => readonly Candidate[], options: AskerOptions) {
  const clock = options.clock ?? systemClock
  const host = await loopbackHost({ listens: false })
  const pipeline = createPipeline({
    ...{ host, clock, log, stage: () => null },
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await pipeline.start()
  return {
    host,
    pipeline,
    failover: failoverOf({ host, pipeline }, candidates, options),
    async stop() {
      await pipeline.stop()
      await host.stop()
    },
  }
}

export async function connectAll(from: Host, others: readonly StageNode[]): Promise<void> {
  for (const { host } of others) if (host !== from) await connect(from, host)
}
