import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { appPaths } from '../../src-main/app-paths'
import { EngineClient } from '../../src-main/engine/engine'
import { createHost } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { createEngineStage } from '../../src-main/node/engine-stage'
import { createPipeline } from '../../src-main/pipeline/pipeline'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { startChild } from '../../src-main/process/owned-child'
import { checkManifest } from '../../src-main/shards/manifest'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { Served } from '../child-calls'
import { serveEcho } from './echo'
import { MAX_BATCH_TOKENS, SizeSchema, THREADS } from './settings'

const OpenSchema = z.object({
  manifest: z.unknown(),
  range: z.object({ start: z.int(), end: z.int() }),
  slicePath: z.string(),
  entryPath: z.nullable(z.string()),
  size: SizeSchema,
})
const ConnectSchema = z.object({ addresses: z.array(z.string()) })

/** The parts of a node that a generation runs through: host, pipeline, and an engine in a process of its own. */
export async function stageNode(): Promise<Served> {
  const clock = systemClock
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: 0,
    kadMode: 'server',
  })
  await serveEcho(host)
  const engine = new EngineClient(startChild({ script: appPaths().engineChild, ipc: 'pipe' }))
  let stage: StageRunner | null = null
  /** Time in which a batch was with the engine process, but not computed. */
  let channelMs: number[] = []
  const pipeline = createPipeline({
    host,
    clock,
    log: createEventLog(clock, null),
    stage: () => stage,
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await pipeline.start()

  function timed(runner: StageRunner): StageRunner {
    return {
      ...runner,
      async run(input) {
        const startedAt = clock.monotonicMs()
        const output = await runner.run(input)
        channelMs.push(clock.monotonicMs() - startedAt - output.computeMs)
        return output
      },
    }
  }

  return {
    calls: {
      async open(input) {
        const { range, slicePath, entryPath, size, ...given } = OpenSchema.parse(input)
        const manifest = checkManifest(given.manifest)
        await engine.start({ accelerator: 'cpu', directory: null })
        const report = await engine.load({
          slicePath,
          entryPath,
          wholeModel: false,
          isLast: range.end === manifest.blockCount,
          contextTokens: size.contextTokens * size.sequences,
          maxBatchTokens: MAX_BATCH_TOKENS,
          maxSequences: size.sequences,
          threads: THREADS,
          gpuLayers: 0,
        })
        if (report.blockCount !== range.end - range.start)
          throw new EspalierError('INTERNAL', 'another slice was loaded')
        stage = timed(createEngineStage(engine, { manifest, range }, report, size.contextTokens))
        return { peer: host.peerId.toString(), addresses: host.getMultiaddrs().map(String) }
      },
      async connect(input) {
        await host.dial(ConnectSchema.parse(input).addresses.map((address) => multiaddr(address)))
        return null
      },
      takeChannelTimes() {
        const taken = channelMs
        channelMs = []
        return taken
      },
    },
    async close() {
      await pipeline.stop()
      await engine.stop()
      await host.stop()
    },
  }
}
