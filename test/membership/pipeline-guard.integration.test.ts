import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestCoordinator, TEST_MODEL } from '../../src-coordinator/test-coordinator'
import { createSessionGuard, type SessionGuard } from '../../src-main/membership/session-guard'
import { createTokenKeeper } from '../../src-main/membership/token-keeper'
import type { Host } from '../../src-main/network/host'
import { createPipeline, type Pipeline } from '../../src-main/pipeline/pipeline'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { createEventLog } from '../../src-main/storage/event-log'
import { type Clock, systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'
import { type SigningWorker, signingWorker } from './signing-worker'

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

const log = createEventLog(systemClock, null)
const BLOCKS = TEST_MODEL.blockCount

/** Serves without computing: these tests end before any row comes. */
function stage(start: number, end: number) {
  const open = new Set<number>()
  const runner: StageRunner = {
    ...{ blocks: { start, end }, blockCount: BLOCKS, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 16, contextTokens: 64 },
    openSequence() {
      open.add(open.size)
      return open.size - 1
    },
    closeSequence: (sequence) => void open.delete(sequence),
    run: async () => ({ hidden: null, token: 0, logits: null, computeMs: 0 }),
  }
  return { open, runner }
}

interface Node {
  host: Host
  worker: SigningWorker
  pipeline: Pipeline
  sequences: Set<number>
  /** Reports to the coordinator and takes what it grants. */
  beat(): Promise<void>
  token(): string | null
}

async function network(membersOnly: boolean) {
  const coordinator = await startTestCoordinator({ security: { membersOnly, rateLimits: null } })
  releases.push(() => coordinator.remove())
  const directory = await mkdtemp(joinPath(tmpdir(), 'espalier-guard-'))
  releases.push(() => rm(directory, { recursive: true, force: true }))
  let offsetMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs }

  async function node(runner: ReturnType<typeof stage> | null, override?: Partial<SessionGuard>): Promise<Node> {
    const worker = await signingWorker(() => coordinator.server.url)
    const host = await loopbackHost({ privateKey: worker.identity })
    const file = joinPath(directory, `${worker.workerId}.json`)
    const keeper = createTokenKeeper({ file, coordinatorUrl: coordinator.server.url, clock, log })
    const guard = createSessionGuard({ keeper, model: () => TEST_MODEL.name, clock })
    const pipeline = createPipeline({
      host,
      clock: systemClock,
      log,
      stage: () => runner?.runner ?? null,
      events: { onServed: () => undefined, onSessions: () => undefined },
      guard: { ...guard, ...override },
    })
    await pipeline.start()
    releases.push(async () => {
      await pipeline.stop()
      await host.stop()
      await keeper.settled()
    })
    return {
      ...{ host, worker, pipeline, sequences: runner?.open ?? new Set(), token: () => keeper.token() },
      async beat() {
        keeper.accept((await worker.beat()).body.x_capability ?? null)
      },
    }
  }

  async function join(member: Node): Promise<void> {
    await member.worker.register()
    await coordinator.approve(member.worker.workerId)
    await member.beat()
  }

  const first = await node(stage(0, 4))
  const second = await node(stage(4, BLOCKS))
  const asker = await node(null)
  for (const member of [first, second, asker]) await join(member)
  const reach = async (from: Node) => {
    for (const to of [first, second]) if (to !== from) await connect(from.host, to.host)
  }
  await Promise.all([reach(asker), reach(first), reach(second)])
  const ask = async (from: Node): Promise<string> => {
    const route = [
      { peer: first.host.peerId.toString(), start: 0, end: 4 },
      { peer: second.host.peerId.toString(), start: 4, end: BLOCKS },
    ]
    const signal = AbortSignal.timeout(20_000)
    try {
      const session = await from.pipeline.openSession({
        root: 'root',
        route,
        contextTokens: 8,
        wantsLogits: false,
        signal,
      })
      await session.close()
      return 'ok'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  return {
    ...{ coordinator, first, second, asker, node, join, reach, ask },
    letTimePass: (ms: number) => {
      offsetMs += ms
    },
  }
}

describe('capability tokens on the pipeline', () => {
  it('H-19: in a network for members only, a member is served and a guest is refused before anything is reserved', async () => {
    const { asker, first, ask, node, reach } = await network(true)
    expect(await ask(asker)).toBe('ok')
    const guest = await node(null)
    await reach(guest)
    await expect.poll(() => first.sequences.size).toBe(0)
    expect(await ask(guest)).toBe('TOKEN_MISSING')
    expect(first.sequences.size).toBe(0)
    // A stage of the chain asks with its own token.
    expect(await ask(first)).toBe('ok')
  })

  it('H-19: another node’s token is of no use', async () => {
    const { asker, ask, node, reach } = await network(true)
    const thief = await node(null, { token: asker.token })
    await reach(thief)
    expect(await ask(thief)).toBe('TOKEN_WRONG_SUBJECT')
  })

  it('H-19: who was rejected is refused as soon as the serving node has heard from the coordinator', async () => {
    const { asker, first, ask, coordinator } = await network(true)
    await coordinator.reject(asker.worker.workerId, 'no longer')
    await first.beat()
    // The asker has not heard yet and still shows its token.
    expect(await ask(asker)).toBe('TOKEN_REVOKED')
    await asker.beat()
    expect(asker.token()).toBeNull()
    expect(await ask(asker)).toBe('TOKEN_MISSING')
  })

  it('H-19: a later stage refuses too, where the first one lets everybody in', async () => {
    const { asker, first, second, ask, coordinator } = await network(true)
    await coordinator.reject(asker.worker.workerId)
    await second.beat()
    expect(await ask(asker)).toBe('TOKEN_REVOKED')
    await expect.poll(() => first.sequences.size).toBe(0)
    expect(second.sequences.size).toBe(0)
  })

  it('H-19: an expired token is refused; an honest node does not even show it', async () => {
    const { asker, ask, node, join, reach, letTimePass } = await network(true)
    let shown: string | null = null
    const stubborn = await node(null, { token: () => shown })
    await join(stubborn)
    await reach(stubborn)
    shown = stubborn.token()
    expect(await ask(stubborn)).toBe('ok')
    letTimePass(3_600_000 + 61_000)
    expect(await ask(stubborn)).toBe('TOKEN_EXPIRED')
    expect(asker.token()).toBeNull()
    expect(await ask(asker)).toBe('TOKEN_MISSING')
  })

  it('H-19: where tokens are optional, a guest is served and a bad token is not', async () => {
    const { asker, ask, node, reach } = await network(false)
    const guest = await node(null)
    const liar = await node(null, { token: () => `${asker.token()}x` })
    for (const stranger of [guest, liar]) await reach(stranger)
    expect(await ask(guest)).toBe('ok')
    expect(await ask(liar)).toBe('TOKEN_SIGNATURE_INVALID')
  })
})
