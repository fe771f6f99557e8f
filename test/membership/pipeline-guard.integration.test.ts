import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestCoordinator, TEST_MODEL } from '../../src-coordinator/test-coordinator'
import { parseToken } from '../../src-main/membership/capability-token'
import { createSessionGuard, type SessionGuard } from '../../src-main/membership/session-guard'
import { createTokenKeeper } from '../../src-main/membership/token-keeper'
import type { Host } from '../../src-main/network/host'
import { BOUND_PROTOCOL, MENDING_PROTOCOL, type OpenBody, PIPELINE_PROTOCOL } from '../../src-main/pipeline/frames'
import { createLinks } from '../../src-main/pipeline/links'
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
function stage() {
  const open = new Set<number>()
  const blocks = { start: 0, end: BLOCKS }
  const runner: StageRunner = {
    ...{ blocks, blockCount: BLOCKS, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 16, contextTokens: 64 },
    openSequence() {
      open.add(open.size)
      return open.size - 1
    },
    closeSequence: (sequence) => void open.delete(sequence),
    run: async () => ({ hidden: null, token: 0, logits: null, computeMs: 0 }),
  }
  return { open, runner, blocks }
}

interface Node {
  host: Host
  worker: SigningWorker
  pipeline: Pipeline
  sequences: Set<number>
  /** What it serves: the blocks that the coordinator gave it. */
  blocks: { start: number; end: number }
  /** Reports to the coordinator and takes what it grants. */
  beat(): Promise<void>
  token(): string | null
}

async function network(membersOnly: boolean) {
  let offsetMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs }
  const coordinator = await startTestCoordinator({
    clock,
    targetWorkers: 2,
    security: { membersOnly, rateLimits: null },
  })
  releases.push(() => coordinator.remove())
  const directory = await mkdtemp(joinPath(tmpdir(), 'espalier-guard-'))
  releases.push(() => rm(directory, { recursive: true, force: true }))

  async function node(runner: ReturnType<typeof stage> | null, override?: Partial<SessionGuard>): Promise<Node> {
    const worker = await signingWorker(() => coordinator.server.url, { clock })
    const host = await loopbackHost({ privateKey: worker.identity })
    const file = joinPath(directory, `${worker.workerId}.json`)
    const keeper = createTokenKeeper({ file, coordinatorUrl: coordinator.server.url, clock, log })
    const guard = createSessionGuard({ keeper, identity: worker.identity, model: () => TEST_MODEL.name, clock })
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
      blocks: runner?.blocks ?? { start: 0, end: 0 },
      async beat() {
        keeper.accept((await worker.beat()).body.x_capability ?? null)
      },
    }
  }

  async function join(member: Node): Promise<void> {
    await member.worker.register()
    await coordinator.approve(member.worker.workerId)
    await member.beat()
    Object.assign(member.blocks, parseToken(member.token() ?? '')?.scope.serves[0]?.blocks)
  }

  const first = await node(stage())
  const second = await node(stage())
  const asker = await node(null)
  for (const member of [first, second, asker]) await join(member)
  const reach = async (from: Node) => {
    for (const to of [first, second]) if (to !== from) await connect(from.host, to.host)
  }
  await Promise.all([reach(asker), reach(first), reach(second)])
  const ask = async (from: Node, through = [first, second]): Promise<string> => {
    const route = through.map(({ host, blocks }) => ({ peer: host.peerId.toString(), ...blocks }))
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
    expect(await ask(thief)).toBe('TOKEN_NOT_BOUND')
  })

  it('H-19: a member asks nobody who has not shown that it may serve, and sends it nothing', async () => {
    const { asker, first, second, ask, node, reach } = await network(true)
    const stranger = await node(stage())
    Object.assign(stranger.blocks, second.blocks)
    await reach(stranger)
    await connect(asker.host, stranger.host)
    const heard: string[] = []
    await stranger.host.unhandle([BOUND_PROTOCOL, MENDING_PROTOCOL, PIPELINE_PROTOCOL])
    const links = createLinks(stranger.host, systemClock, {
      onFrame(frame, link) {
        heard.push(frame.type)
        // It recites what a member would say, with a token that it has seen.
        const token = second.token() ?? ''
        if (frame.type === 'check')
          void link.send({ ...frame, type: 'checked', body: { root: 'root', ...second.blocks, proven: true, token } })
      },
      onEnd: () => undefined,
    })
    await links.accept()
    expect(await ask(asker, [first, stranger])).toBe('STAGE_NOT_APPROVED')
    // Neither may a member serve other blocks than its own.
    Object.assign(second.blocks, { start: first.blocks.start, end: BLOCKS })
    expect(await ask(asker, [second])).toBe('STAGE_NOT_APPROVED')
    expect([heard, first.sequences.size, second.sequences.size]).toEqual([['check'], 0, 0])
  })

  it('H-19: what a stage has seen of a session opens no other one, and not the same again', async () => {
    const { asker, first, second, ask } = await network(true)
    const bodies: OpenBody[] = []
    const { promise: opened, resolve } = Promise.withResolvers<string>()
    // A stage of the route that keeps what it is sent.
    await first.host.unhandle([BOUND_PROTOCOL, MENDING_PROTOCOL, PIPELINE_PROTOCOL])
    const answers: string[] = []
    const links = createLinks(first.host, systemClock, {
      onFrame(frame, link) {
        const shown = { root: 'root', ...first.blocks, proven: true, token: first.token() ?? '' }
        if (frame.type === 'check') void link.send({ ...frame, type: 'checked', body: shown })
        if (frame.type === 'open') {
          bodies.push(frame.body)
          resolve(frame.session)
        }
        if (frame.type === 'error') answers.push(frame.body.code)
      },
      onEnd: () => undefined,
    })
    await links.accept()
    const asking = ask(asker)
    const session = await opened
    const body = { ...bodies[0]!, stage: 1 }
    const link = await links.to(second.host.peerId.toString())
    const open = async (id: string, change: Partial<OpenBody> = {}) => {
      const count = answers.length
      const { binding, ...rest } = { ...body, ...change }
      await link.send({ type: 'open', session: id, body: binding ? { ...rest, binding } : rest })
      await expect.poll(() => answers.length + second.sequences.size).toBeGreaterThan(count)
    }
    const other = 'ab'.repeat(16)
    await open(other)
    await open(session, { contextTokens: 64 })
    await open(session, { binding: undefined })
    expect([answers, second.sequences.size]).toEqual([['TOKEN_NOT_BOUND', 'TOKEN_NOT_BOUND', 'TOKEN_NOT_BOUND'], 0])
    // The session that it was signed for, once.
    await open(session)
    expect(second.sequences.size).toBe(1)
    await link.send({ type: 'close', session })
    await expect.poll(() => second.sequences.size).toBe(0)
    await open(session)
    expect(answers.at(-1)).toBe('SESSION_REPLAYED')
    expect(await asking).toBe('ok')
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
    const { asker, first, second, ask, node, join, reach, letTimePass } = await network(true)
    let shown: string | null = null
    const stubborn = await node(null, { token: () => shown })
    await join(stubborn)
    await reach(stubborn)
    shown = stubborn.token()
    expect(await ask(stubborn)).toBe('ok')
    letTimePass(3_600_000 + 61_000)
    // Nor may anybody serve with one that has expired.
    await stubborn.beat()
    expect(await ask(stubborn)).toBe('STAGE_NOT_APPROVED')
    for (const stage of [first, second]) await stage.beat()
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
