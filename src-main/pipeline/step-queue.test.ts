import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { StageInput, StageOutput } from './stage-runner'
import { createStepQueue } from './step-queue'

const WIDTH = 4

const step = (sequence: number, options: { rows?: number; isExact?: boolean } = {}): StageInput => ({
  ...{ sequence, position: 0, answer: 'none' },
  rows: { hidden: new Float32Array(WIDTH * (options.rows ?? 1)) },
  isExact: options.isExact ?? false,
})

/** An engine whose calls end when the test says so. */
function manualEngine() {
  const calls: { sequences: number[]; end: PromiseWithResolvers<void> }[] = []
  const broken = new Set<number>()
  const queue = createStepQueue({
    ...{ embeddingLength: WIDTH, maxBatchTokens: 3 },
    async compute(inputs) {
      const sequences = inputs.map(({ sequence }) => sequence)
      const end = Promise.withResolvers<void>()
      calls.push({ sequences, end })
      await end.promise
      if (sequences.some((sequence) => broken.has(sequence))) throw new EspalierError('ENGINE_DECODE_FAILED')
      return sequences.map((token): StageOutput => ({ hidden: null, logits: null, token, computeMs: 1 }))
    },
  })
  const finish = async () => {
    calls.at(-1)?.end.resolve()
    // The end of a call, its answers, and the next call are a few turns apart.
    await new Promise(setImmediate)
  }
  return { queue, calls, broken, finish, sequences: () => calls.map((call) => call.sequences) }
}

describe('turns of an engine', () => {
  it('begins within the call while the engine is idle', () => {
    const { queue, sequences } = manualEngine()
    void queue.run(step(0))
    expect(sequences()).toEqual([[0]])
  })

  it('computes tokens of neighbouring sequences that came meanwhile together, up to a batch', async () => {
    const { queue, sequences, finish } = manualEngine()
    const all = [7, 2, 0, 1, 3, 5].map((sequence) => queue.run(step(sequence)))
    while (sequences().flat().length < 6) await finish()
    await finish()
    // From 2, which came first of those that waited, upwards and then downwards.
    expect(sequences()).toEqual([[7], [1, 2, 3], [0], [5]])
    expect((await Promise.all(all)).map(({ token }) => token)).toEqual([7, 2, 0, 1, 3, 5])
  })

  it('takes no more than a batch upwards either', async () => {
    const { queue, sequences, finish } = manualEngine()
    for (const sequence of [9, 0, 1, 2, 3]) void queue.run(step(sequence))
    while (sequences().flat().length < 5) await finish()
    expect(sequences()).toEqual([[9], [0, 1, 2], [3]])
  })

  it('lets nobody wait for ever: whoever came first is next, and a prompt’s chunk goes by itself', async () => {
    const { queue, sequences, finish } = manualEngine()
    void queue.run(step(9))
    void queue.run(step(1))
    void queue.run(step(4, { rows: 2 }))
    void queue.run(step(2))
    await finish()
    await finish()
    await finish()
    expect(sequences()).toEqual([[9], [1, 2], [4]])
  })

  it('computes an exact session alone', async () => {
    const { queue, sequences, finish } = manualEngine()
    for (const sequence of [9, 0, 1, 2]) void queue.run(step(sequence, { isExact: sequence === 1 }))
    for (let i = 0; i < 4; i++) await finish()
    expect(sequences()).toEqual([[9], [0], [1], [2]])
  })

  it('finds the one that a batch fails for: the others are answered', async () => {
    const { queue, broken, sequences, finish } = manualEngine()
    broken.add(1)
    const outcomes = Promise.allSettled([9, 0, 1, 2].map((sequence) => queue.run(step(sequence))))
    for (let i = 0; i < 5; i++) await finish()
    expect(sequences()).toEqual([[9], [0, 1, 2], [0], [1], [2]])
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  })

  it('does not try again for a session that ended while its batch failed', async () => {
    const { queue, broken, sequences, finish } = manualEngine()
    broken.add(1)
    const outcomes = Promise.allSettled([9, 0, 1].map((sequence) => queue.run(step(sequence))))
    await finish()
    queue.drop(0)
    for (let i = 0; i < 3; i++) await finish()
    expect(sequences()).toEqual([[9], [0, 1], [1]])
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('does not compute what a session left waiting when it ended, nor stop for it', async () => {
    const { queue, sequences, finish } = manualEngine()
    void queue.run(step(9))
    const dropped = queue.run(step(1))
    const kept = queue.run(step(2))
    queue.drop(1)
    await expect(dropped).rejects.toMatchObject({ code: 'CANCELLED' })
    await finish()
    await finish()
    await kept
    expect(sequences()).toEqual([[9], [2]])
  })
})
