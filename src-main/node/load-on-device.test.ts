import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { type ComputeChoice, CPU_CHOICE } from '../engine/device-choice'
import { memoryNeed } from '../engine/memory-need'
import type { LoadReport, LoadSpec } from '../engine/protocol'
import { SAMPLE_MODEL } from '../engine/testing/test-engine'
import { readGgufHeader } from '../shards/gguf-read'
import { loadOnDevice } from './load-on-device'

const MB = 1_000_000
const card = {
  name: 'CUDA0',
  description: 'Some Card',
  kind: 'gpu',
  freeBytes: 900 * MB,
  totalBytes: 1000 * MB,
} as const
const onCard: ComputeChoice = {
  ...CPU_CHOICE,
  accelerator: 'cuda',
  gpuLayers: 100,
  gpuNames: ['CUDA0'],
  devices: [card],
}
// The sample as a whole stands for a slice: it has the header of one.
const spec = {
  slicePath: SAMPLE_MODEL,
  entryPath: null,
  wholeModel: false,
  isLast: true,
  contextTokens: 512,
  maxBatchTokens: 128,
  maxSequences: 4,
  threads: 1,
} satisfies Partial<LoadSpec>

/** An engine that puts `takenBytes` on the card when it is asked for layers there. */
function engine(takenBytes: number, refusal: EspalierError | null = null) {
  const loads: Pick<LoadSpec, 'gpuLayers' | 'gpuNames'>[] = []
  return {
    loads,
    async load({ gpuLayers, gpuNames }: LoadSpec) {
      loads.push({ gpuLayers, ...(gpuNames ? { gpuNames } : {}) })
      if (refusal && gpuLayers > 0) throw refusal
      const cards =
        gpuLayers > 0 ? [{ name: 'CUDA0', freeBeforeBytes: 900 * MB, freeAfterBytes: 900 * MB - takenBytes }] : []
      return { modelBytes: 6 * MB, devices: gpuLayers > 0 ? ['CUDA0'] : ['CPU'], cards } as unknown as LoadReport
    },
  }
}
const load = (on: ReturnType<typeof engine>, compute: ComputeChoice, gpuMemoryGb: number | null = null) =>
  loadOnDevice(on, spec, { compute, gpuMemoryGb }, {})

describe('H-41: what computes is told by what was taken, and not by what was asked for', () => {
  it('H-41: blocks that take the card’s memory lie on the card', async () => {
    const { used, words } = await load(engine(7 * MB), onCard)
    expect(used).toEqual({ kind: process.platform === 'darwin' ? 'metal' : 'cuda', name: 'Some Card', missedGpu: null })
    expect(words).toContain('0.01 GB taken on the card')
  })

  it('H-41: a card that took nothing does not compute, whatever the engine was told', async () => {
    const { used } = await load(engine(0), onCard)
    expect(used).toMatchObject({ kind: 'cpu', missedGpu: 'Some Card reports 0.00 GB taken by these blocks' })
  })

  it('H-41: force CPU: amber “running on CPU”', async () => {
    const on = engine(0)
    const { used, words } = await load(on, { ...CPU_CHOICE, missedGpu: 'the settings ask for it' })
    expect(used).toEqual({ kind: 'cpu', name: 'CPU', missedGpu: 'the settings ask for it' })
    expect(words).toBe('; running on CPU')
    expect(on.loads).toEqual([{ gpuLayers: 0 }])
  })

  it.each(['ENGINE_OUT_OF_MEMORY', 'ENGINE_LOAD_FAILED'] as const)(
    'H-41: a card that refuses (%s) is replaced by the processor, without a word to the card',
    async (code) => {
      const on = engine(0, new EspalierError(code, 'cudaMalloc failed'))
      const { used } = await load(on, onCard)
      expect(used).toMatchObject({ kind: 'cpu', missedGpu: expect.stringContaining('cudaMalloc failed') })
      expect(on.loads).toEqual([
        { gpuLayers: 100, gpuNames: ['CUDA0'] },
        { gpuLayers: 0, gpuNames: [] },
      ])
    },
  )

  it('C-47: blocks that do not fit the free memory are not tried on the card; those that do are', async () => {
    const size = { contextTokens: 512, maxBatchTokens: 128, maxSequences: 4 }
    const need = memoryNeed(await readGgufHeader(SAMPLE_MODEL), { start: 0, end: 8 }, size, true).totalBytes
    const withFree = (freeBytes: number) => ({ ...onCard, devices: [{ ...card, freeBytes }] })
    const small = engine(7 * MB)
    expect((await load(small, withFree(need - 1))).used.kind).toBe('cpu')
    expect(small.loads).toEqual([{ gpuLayers: 0, gpuNames: [] }])
    const enough = engine(7 * MB)
    expect((await load(enough, withFree(need))).used.missedGpu).toBeNull()
    expect(enough.loads).toHaveLength(1)
  })

  it('H-41: other failures are not the card’s and are told as they are', async () => {
    const gone = engine(0, new EspalierError('ENGINE_GONE', 'signal SIGSEGV'))
    await expect(load(gone, onCard)).rejects.toMatchObject({ code: 'ENGINE_GONE' })
  })
})
