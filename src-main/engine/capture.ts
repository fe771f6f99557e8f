import { EngineClient, type EngineProcess } from './engine'
import type { Capture, EngineInput } from './protocol'

export interface CaptureOptions {
  spawnEngine: () => EngineProcess
  library: EngineInput<'start'>
  threads: number
}

/**
 * Computes the whole model once, in an engine process of its own that ends afterwards, and gives the residual stream
 * at every block boundary and the logits of the last position. The reference for a manifest's probe.
 * Rejects as EngineClient.start and EngineClient.load do.
 */
export async function captureBoundaries(
  modelPath: string,
  tokens: readonly number[],
  { spawnEngine, library, threads }: CaptureOptions,
): Promise<Capture> {
  const engine = new EngineClient(spawnEngine())
  try {
    await engine.start(library)
    return await engine.capture(modelPath, Int32Array.from(tokens), threads)
  } finally {
    await engine.stop()
  }
}
