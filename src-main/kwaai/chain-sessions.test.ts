import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { Host } from '../network/host'
import { createPlaceLeases } from '../pipeline/place-leases'
import { type PlaceHolder, RANK } from '../pipeline/places'
import type { StageRunner } from '../pipeline/stage-runner'
import { createEventLog } from '../storage/event-log'
import { createChainSessions } from './chain-sessions'

/** A node that serves the whole of a small model, with two places, and asks itself over a chain. */
function ownChain(run: StageRunner['run']) {
  const clock = new FakeClock()
  const leased = new Set<number>()
  const runner: StageRunner = {
    ...{ blocks: { start: 0, end: 8 }, blockCount: 8, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 8, contextTokens: 64 },
    openSequence() {
      const free = [0, 1].find((sequence) => !leased.has(sequence))
      if (free === undefined) throw new EspalierError('SESSION_LIMIT')
      leased.add(free)
      return free
    },
    closeSequence: (sequence) => void leased.delete(sequence),
    run,
  }
  const leases = createPlaceLeases({ clock, log: createEventLog(clock, null) })
  const host = { peerId: { toString: () => 'self' } } as Host
  const chains = createChainSessions({ host, clock, leases, stage: () => runner })
  const asked = { route: [{ peer: 'self', start: 0, end: 8 }] } as unknown as Parameters<typeof chains.open>[0]
  return { clock, leased, leases, runner, chains, asked }
}

it('M-29: who leaves while an answer of its own runs over a chain is told so at once, and opens none after', async () => {
  const { chains, asked } = ownChain(() => new Promise(() => undefined))
  const session = await chains.open(asked)
  void session.send(Int32Array.of(1), 0, true)
  const answer = session.nextResult()
  chains.endAnswers()
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('this node stops') })
  await session.close()
  await expect(chains.open(asked)).rejects.toMatchObject({ code: 'CANCELLED' })
})

describe('our own answers over chains have their places by the rules for everybody', () => {
  const logits = Float32Array.of(0, 1)
  const answer = async () => ({ hidden: null, token: null, logits, computeMs: 1 })

  it('a stranger’s session at work makes way for them', async () => {
    const { clock, leases, runner, chains, asked, leased } = ownChain(answer)
    const nowMs = clock.monotonicMs()
    const strangers = [1, 2].map((name): PlaceHolder & { sequence: number } => ({
      ...{ asker: `stranger ${name}`, rank: RANK.guest, openedAtMs: nowMs, usedAtMs: nowMs },
      ...{ idleSinceMs: null, patienceMs: 10_000, sequence: leases.lease(runner, { asker: '', rank: RANK.guest }) },
    }))
    const ended: string[] = []
    leases.count(
      () => strangers,
      (one) => {
        ended.push(one.asker)
        strangers.splice(strangers.indexOf(one), 1)
        runner.closeSequence(one.sequence)
      },
    )
    const session = await chains.open(asked)
    await session.send(Int32Array.of(1), 0, true)
    expect(await session.nextResult()).toMatchObject({ token: 1 })
    expect(ended).toHaveLength(1)
    expect(leases.lease(runner, { asker: 'self', rank: RANK.own })).not.toBeNull()
    // Nobody of a lower rank is left, and its own answer does not rest yet.
    await expect(chains.open(asked)).rejects.toMatchObject({ code: 'SESSION_LIMIT', peer: 'self' })
    await session.close()
    expect(leased.size).toBe(1)
  })

  it('one that rests makes way, and computes nothing in what is another’s then', async () => {
    const { clock, leases, runner, chains, asked, leased } = ownChain(answer)
    const session = await chains.open(asked)
    await session.send(Int32Array.of(1), 0, true)
    await session.nextResult()
    leases.lease(runner, { asker: 'a', rank: RANK.guest })
    expect(() => leases.lease(runner, { asker: 'b', rank: RANK.guest })).toThrow()
    await clock.advance(16_000)
    leases.lease(runner, { asker: 'b', rank: RANK.guest })
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'SESSION_LIMIT', peer: 'self' })
    await expect(session.send(Int32Array.of(1), 1, true)).rejects.toMatchObject({ code: 'SESSION_LIMIT' })
    await session.close()
    expect(leased.size).toBe(2)
  })
})

it('logits that are no numbers choose no token: that is a fault of whoever gave them', async () => {
  const logits = Float32Array.of(0, Number.NaN)
  const { chains, asked } = ownChain(async () => ({ hidden: null, token: null, logits, computeMs: 1 }))
  const session = await chains.open(asked)
  void session.send(Int32Array.of(1), 0, true).catch(() => undefined)
  await expect(session.nextResult()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', peer: 'self' })
  await session.close()
})
