import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EspalierError } from '../../src-shared/errors'
import type { ComputeChoice } from '../engine/device-choice'
import { EngineClient, type EngineProcess } from '../engine/engine'
import { blocksThatFit } from '../engine/memory-need'
import type { RunItem } from '../engine/protocol'
import { loadOnDevice } from '../node/load-on-device'
import { median } from '../pipeline/generate'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import type { Manifest } from '../shards/manifest'
import { writePlan } from '../shards/plan-writer'
import { planSlice } from '../shards/slice-plan'

export interface ComputerPower {
  /** The whole model here, tokens a second; null where it does not fit. */
  aloneTokensPerSecond: number | null
  /** One token through one block, ms. */
  blockMs: number
  /** Blocks that fit into the memory that is offered. */
  maxBlocks: number
}

const STEPS = 24
const WARM_UP_STEPS = 4
const SIZE = { contextTokens: 256, maxBatchTokens: 64, maxSequences: 1 } as const
/** Blocks that are timed where the whole model does not fit: enough to be more than their overhead. */
const TRIED_BLOCKS = 4

/**
 * Times single-token steps on this computer: through the whole model where it fits, else through its first blocks, cut
 * into a temporary file. Throws BAD_ARGUMENT where the file is another model than the manifest's, ENGINE_OUT_OF_MEMORY
 * where not one block fits, and what the engine's loading throws.
 */
export async function measureComputer(options: {
  modelPath: string
  manifest: Manifest
  threads: number
  /** All the memory that blocks may lie in here, and as much of it as would be offered, bytes. */
  memoryBytes: number
  offeredBytes: number
  compute: ComputeChoice
  gpuMemoryGb: number | null
  spawnEngine: () => EngineProcess
  signal: AbortSignal
}): Promise<ComputerPower> {
  const { modelPath, manifest, offeredBytes, compute, signal } = options
  const header = await readGgufHeader(modelPath)
  const shape = modelShape(header)
  const { blockCount, embeddingLength } = manifest
  if (shape.blockCount !== blockCount || shape.embeddingLength !== embeddingLength)
    throw new EspalierError('BAD_ARGUMENT', `${modelPath} is another model than ${manifest.name}`)
  const maxBlocks = blocksThatFit(header, SIZE, offeredBytes)
  if (maxBlocks === 0) throw new EspalierError('ENGINE_OUT_OF_MEMORY', 'not one block fits into what is offered')
  const isWhole = blocksThatFit(header, SIZE, options.memoryBytes) === blockCount
  const end = isWhole ? blockCount : Math.min(TRIED_BLOCKS, maxBlocks)
  const directory = isWhole ? null : await mkdtemp(join(tmpdir(), 'espalier-meter-'))
  const engine = new EngineClient(options.spawnEngine())
  const onAbort = () => void engine.stop()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const slicePath = directory === null ? modelPath : join(directory, 'blocks.gguf')
    if (directory !== null) await writePlan(planSlice(header, { start: 0, end }), modelPath, slicePath)
    signal.throwIfAborted()
    await engine.start({ accelerator: compute.accelerator, directory: compute.directory })
    const spec = { slicePath, entryPath: null, wholeModel: isWhole, isLast: isWhole, ...SIZE, threads: options.threads }
    await loadOnDevice(engine, spec, options, { signal })
    const stepMs = await timeSteps(engine, isWhole, embeddingLength)
    return { aloneTokensPerSecond: isWhole ? 1_000 / stepMs : null, blockMs: stepMs / end, maxBlocks }
  } catch (error) {
    if (signal.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    await engine.stop()
    if (directory !== null) await rm(directory, { recursive: true, force: true })
  }
}

/** The median of single-token steps, ms; which tokens or rows they are does not matter to the time. */
async function timeSteps(engine: EngineClient, isWhole: boolean, width: number): Promise<number> {
  const sequence = engine.openSequence()
  const times: number[] = []
  for (let position = 0; position < WARM_UP_STEPS + STEPS; position++) {
    const rows = isWhole ? { tokens: Int32Array.of(1) } : { hidden: new Float32Array(width).fill(0.01) }
    const item: RunItem = { sequence, position, ...rows, wantLogits: isWhole ? 'greedy' : 'none' }
    const { computeMs } = await engine.run({ items: [item] })
    if (position >= WARM_UP_STEPS) times.push(computeMs)
  }
  return median(times)
}
