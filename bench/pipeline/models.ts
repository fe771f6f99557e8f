import { join } from 'node:path'
import { appPaths } from '../../src-main/app-paths'
import { makeSlice } from '../../src-main/shards/make-slice'
import type { Manifest } from '../../src-main/shards/manifest'
import type { BlockRange } from '../../src-shared/blocks'
import { systemClock } from '../../src-shared/clock'
import { manifestOf } from '../../test/models/manifests'
import { LARGE, LARGEST, makeSyntheticModel, type SyntheticOptions } from '../../test/models/synthetic'

export interface BenchModel {
  name: string
  path: string
  manifest: Manifest
  /** Fixed, and different from each other: what they mean does not matter, that all compute the same does. */
  prompt: Int32Array
}

export interface SliceFiles {
  range: BlockRange
  slicePath: string
  entryPath: string | null
}

const PROMPT_TOKENS = 16

/** The model that comes with the app: small, so that what a chain costs beside computing stands out. */
export async function sampleModel(): Promise<BenchModel> {
  const path = appPaths().sampleModel
  return benchModel('the sample model', path)
}

/** 349 million parameters from a seed: the same bytes on every machine. */
export const largeModel = (directory: string): Promise<BenchModel> => madeModel(join(directory, 'large.gguf'), LARGE)

/** 1.95 billion parameters, 2 GB, from a seed as well. */
export const largestModel = (directory: string): Promise<BenchModel> =>
  madeModel(join(directory, 'largest.gguf'), LARGEST)

async function madeModel(path: string, options: SyntheticOptions): Promise<BenchModel> {
  const { parameters } = await makeSyntheticModel(path, options)
  return benchModel(`a made model of ${Math.round(parameters / 1e6)} million parameters`, path)
}

async function benchModel(name: string, path: string): Promise<BenchModel> {
  const manifest = await manifestOf(path)
  return { name, path, manifest, prompt: fixedTokens(PROMPT_TOKENS, manifest.vocabSize) }
}

/** Token ids spread over a vocabulary, without its first few, which are special. */
export function fixedTokens(count: number, vocabSize: number): Int32Array {
  const first = Math.min(259, vocabSize >> 1)
  return Int32Array.from({ length: count }, (_, i) => first + ((i * 7919) % (vocabSize - first)))
}

/** Ranges as even as they can be, covering all blocks. */
export function evenRanges(blockCount: number, parts: number): BlockRange[] {
  const cut = (part: number) => Math.round((part * blockCount) / parts)
  return Array.from({ length: parts }, (_, part) => ({ start: cut(part), end: cut(part + 1) }))
}

/** Cuts a model as nodes do: verified against its manifest. */
export async function sliceEvenly(
  { path, manifest }: BenchModel,
  parts: number,
  directory: string,
): Promise<SliceFiles[]> {
  const files: SliceFiles[] = []
  for (const range of evenRanges(manifest.blockCount, parts)) {
    const { slicePath, entryPath } = await makeSlice({
      modelPath: path,
      manifest,
      range,
      directory: join(directory, `${parts}-${range.start}`),
      clock: systemClock,
    })
    files.push({ range, slicePath, entryPath })
  }
  return files
}
