import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { Host } from '../network/host'
import type { StageRunner } from '../pipeline/stage-runner'
import { createChainSessions } from './chain-sessions'

it('M-29: who leaves while an answer of its own runs over a chain is told so at once, and opens none after', async () => {
  const runner = {
    ...{ blocks: { start: 0, end: 8 }, blockCount: 8, embeddingLength: 4 },
    openSequence: () => 0,
    closeSequence: () => undefined,
    run: () => new Promise(() => undefined),
  } as unknown as StageRunner
  const host = { peerId: { toString: () => 'self' } } as Host
  const chains = createChainSessions({ host, clock: new FakeClock(), stage: () => runner })
  const asked = { route: [{ peer: 'self', start: 0, end: 8 }] } as unknown as Parameters<typeof chains.open>[0]
  const session = await chains.open(asked)
  void session.send(Int32Array.of(1), 0, true)
  const answer = session.nextResult()
  chains.endAnswers()
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('this node stops') })
  await session.close()
  await expect(chains.open(asked)).rejects.toMatchObject({ code: 'CANCELLED' })
})
