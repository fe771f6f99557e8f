import { join } from 'node:path'
import { readGgufHeader } from '../../shards/gguf-read'
import { writePlan } from '../../shards/plan-writer'
import { planSlice, planVocabulary } from '../../shards/slice-plan'
import type { EngineClient } from '../engine'
import type { LoadSpec, RunItem } from '../protocol'
import { type EngineFactory, testSpec } from './test-engine'

export interface SlicedModel {
  entry: string
  slices: string[]
}

export interface Step {
  sequence: number
  position: number
  tokens: Int32Array
}

/** Computes one batch and gives the last row's logits of each step. */
export type Runner = (steps: Step[]) => Promise<Float32Array[]>

/** Writes the entry file and the slices of a model between neighbouring `cuts`. */
export async function sliceModel(modelPath: string, cuts: readonly number[], directory: string): Promise<SlicedModel> {
  const header = await readGgufHeader(modelPath)
  const entry = join(directory, 'entry.gguf')
  await writePlan(planVocabulary(header), modelPath, entry)
  const slices: string[] = []
  for (const [index, start] of cuts.slice(0, -1).entries()) {
    const end = cuts[index + 1] ?? start
    const path = join(directory, `${start}-${end}.gguf`)
    await writePlan(planSlice(header, { start, end }), modelPath, path)
    slices.push(path)
  }
  return { entry, slices }
}

/** Cuts as even as they can be: `evenCuts(8, 3)` is 0, 3, 5, 8. */
export function evenCuts(blockCount: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, index) => Math.round((index * blockCount) / parts))
}

/** One process with the whole model: what a chain is compared with. */
export async function runWhole(factory: EngineFactory, modelPath: string, spec: Partial<LoadSpec> = {}) {
  const engine = await factory.start()
  await engine.load(testSpec({ ...spec, slicePath: modelPath, wholeModel: true, isLast: true }))
  const run: Runner = async (steps) => {
    const { items } = await engine.run({ items: steps.map((step): RunItem => ({ ...step, wantLogits: 'last' })) })
    return items.map(({ logits }) => logits ?? new Float32Array())
  }
  return { run, engine }
}

/** One process per slice; the first also has the entry file and takes tokens. */
export async function runChain(factory: EngineFactory, { entry, slices }: SlicedModel, spec: Partial<LoadSpec> = {}) {
  const engines: EngineClient[] = []
  for (const [index, slicePath] of slices.entries()) {
    const engine = await factory.start()
    const entryPath = index === 0 ? entry : null
    await engine.load(testSpec({ ...spec, slicePath, entryPath, isLast: index === slices.length - 1 }))
    engines.push(engine)
  }
  const run: Runner = async (steps) => {
    let rows: Float32Array[] = []
    for (const [index, engine] of engines.entries()) {
      const wantLogits = index === engines.length - 1 ? 'last' : 'none'
      const { items } = await engine.run({
        items: steps.map(({ sequence, position, tokens }, step): RunItem => {
          const hidden = rows[step]
          return hidden ? { sequence, position, hidden, wantLogits } : { sequence, position, tokens, wantLogits }
        }),
      })
      rows = items.map(({ hidden, logits }) => hidden ?? logits ?? new Float32Array())
    }
    return rows
  }
  return { run, engines, stop: () => Promise.all(engines.map((engine) => engine.stop())) }
}

/** Largest difference of two arrays; infinite when they differ in length or hold something that is not a number. */
export function maxDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY
  let largest = 0
  for (const [index, value] of a.entries()) {
    const difference = Math.abs(value - (b[index] ?? Number.NaN))
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY
    largest = Math.max(largest, difference)
  }
  return largest
}
