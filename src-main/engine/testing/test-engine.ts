import { fileURLToPath } from 'node:url'
import { type OwnedChild, startChild } from '../../process/owned-child'
import { EngineClient } from '../engine'
import type { EngineInput, LoadSpec } from '../protocol'
import { buildEngineChild } from './build-child'

export const SAMPLE_MODEL = fileURLToPath(new URL('../../../resources/models/tiny-jargon-8.gguf', import.meta.url))

export const TEST_LIBRARY: EngineInput<'start'> = { accelerator: 'cpu', directory: null }

export interface EngineFactory {
  /** The bundled engine process. */
  readonly scriptPath: string
  /** A bare process, for supervisors and captures. */
  spawn(): OwnedChild
  /** A client whose engine has opened llama.cpp. */
  start(): Promise<EngineClient>
  /** Ends every engine of this factory and removes the build. */
  close(): Promise<void>
}

/** Builds the engine process once and starts as many as a test file needs, each with `library` and `env`. */
export async function createEngineFactory(
  library = TEST_LIBRARY,
  env: Record<string, string> = {},
): Promise<EngineFactory> {
  const built = await buildEngineChild()
  const children: OwnedChild[] = []
  const spawn = () => {
    const child = startChild({ script: built.path, ipc: 'pipe', env })
    children.push(child)
    return child
  }
  return {
    scriptPath: built.path,
    spawn,
    async start() {
      const engine = new EngineClient(spawn())
      await engine.start(library)
      return engine
    },
    async close() {
      await Promise.all(children.map((child) => child.stop()))
      await built.remove()
    },
  }
}

/** A spec for small test models on one thread; give at least the paths. */
export function testSpec(spec: Pick<LoadSpec, 'slicePath' | 'isLast'> & Partial<LoadSpec>): LoadSpec {
  return {
    entryPath: null,
    wholeModel: false,
    contextTokens: 2048,
    maxBatchTokens: 128,
    maxSequences: 4,
    threads: 1,
    gpuLayers: 0,
    ...spec,
  }
}
