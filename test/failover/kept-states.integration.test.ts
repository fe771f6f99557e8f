import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Move } from '../../src-main/pipeline/failover/failover'
import { BOUND_PROTOCOL, MENDING_PROTOCOL } from '../../src-main/pipeline/frames'
import { type Generation, generate } from '../../src-main/pipeline/generate'
import type { KeepingLimits } from '../../src-main/pipeline/keeping/keeping'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { temporaryDirectory } from '../models/temporary'
import { connectAll, failoverOf, type StageNode, startAsker, startStageNode } from './stage-network'

const WIDTH = 16
const BLOCKS_PER_STAGE = 2
const PROMPT = Int32Array.from({ length: 100 }, (_, i) => (i * 37) % 101)
const TOKENS = 12
/** All rows of an answer: the last token is chosen and not computed. */
const ROWS = PROMPT.length + TOKENS - 1
/** A batch of the prompt is more than that. */
const TINY: KeepingLimits = { sessionMemoryBytes: 512, memoryBytes: 1024 ** 2, diskBytes: 1024 ** 2 }

const PATIENT = { timeout: 10_000 }

/** How a node goes, in which mode, and after which token. */
const ROUNDS = [
  ['killed', true, 1],
  ['killed', false, 7],
  ['drained', true, 5],
] as const

/**
 * Arithmetic instead of a model, which remembers as a cache does: what comes of a row depends on all rows of its
 * sequence before it, the choice of a token also on the choices before, as a sampler's does, and a row out of order is
 * refused. Small whole numbers, so that half precision changes nothing.
 */
function rememberingStage(stage: number, stages: number) {
  const start = stage * BLOCKS_PER_STAGE
  const sequences = new Map<number, { rows: number; sum: number; answers: number }>()
  const counts: Place['counts'] = { rows: 0, onRun: () => undefined }
  const runner: StageRunner = {
    ...{ blocks: { start, end: start + BLOCKS_PER_STAGE }, blockCount: stages * BLOCKS_PER_STAGE },
    ...{ embeddingLength: WIDTH, root: 'root', maxBatchTokens: 256, contextTokens: 1024 },
    openSequence() {
      const free = [0, 1, 2, 3].find((sequence) => !sequences.has(sequence))
      if (free === undefined) throw new EspalierError('SESSION_LIMIT')
      sequences.set(free, { rows: 0, sum: 0, answers: 0 })
      return free
    },
    closeSequence: (sequence) => void sequences.delete(sequence),
    async run({ sequence, position, rows, answer }) {
      const cache = sequences.get(sequence)
      if (cache?.rows !== position) throw new EspalierError('ENGINE_DECODE_FAILED', `row ${position}`)
      const values =
        'tokens' in rows ? [...rows.tokens] : [...rows.hidden].filter((_, channel) => channel % WIDTH === 0)
      const hidden = new Float32Array(values.length * WIDTH)
      for (const [row, value] of values.entries()) {
        cache.sum = (cache.sum * 31 + value + start + 1) % 997
        hidden.fill(cache.sum, row * WIDTH, (row + 1) * WIDTH)
      }
      cache.rows += values.length
      counts.rows += values.length
      counts.onRun()
      const isLast = stage === stages - 1
      const token = isLast && answer !== 'none' ? (cache.sum + cache.answers++) % 100 : null
      return { hidden: isLast ? null : hidden, token, logits: null, computeMs: 0.1 }
    },
  }
  return { runner, counts, sequences }
}

interface Place {
  readonly node: StageNode
  readonly counts: { rows: number; onRun: () => void }
  readonly sequences: ReadonlyMap<number, unknown>
  readonly directory: string
}

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release().catch(() => undefined)
})

async function hasMetAll(host: StageNode['host']): Promise<boolean> {
  const met = host
    .getConnections()
    .map(async ({ remotePeer }) => (await host.peerStore.get(remotePeer)).protocols.length > 0)
  return !(await Promise.all(met)).includes(false)
}

/** @param replicas how many nodes there are for each stage; the first is the cheapest */
async function network(replicas: readonly number[], limits?: KeepingLimits) {
  const root = await temporaryDirectory()
  const places: Place[][] = []
  for (const [stage, count] of replicas.entries()) {
    const row: Place[] = []
    for (let replica = 0; replica < count; replica++) {
      const { runner, counts, sequences } = rememberingStage(stage, replicas.length)
      const directory = join(root, `${stage}-${replica}`)
      const keeping = { keptDirectory: directory, ...(limits && { keepingLimits: limits }) }
      const node = await startStageNode(() => runner, systemClock, keeping)
      releases.push(node.stop)
      row.push({ node, counts, sequences, directory })
    }
    places.push(row)
  }
  const nodes = places.flat().map(({ node }) => node)
  // Who speaks with each other, and no others: a busy machine takes its time for each connection.
  for (const [stage, row] of places.entries()) {
    const next = (places[stage + 1] ?? []).map(({ node }) => node)
    for (const { node } of row) await connectAll(node.host, next)
  }
  const moves: Move[] = []
  let candidates = places.flatMap((row, stage) =>
    row.map(({ node }, replica) => ({
      ...{ peer: node.peer, start: stage * BLOCKS_PER_STAGE, end: (stage + 1) * BLOCKS_PER_STAGE },
      cost: 1 + replica,
    })),
  )
  const offered = () => candidates
  const options = {
    ...{ blockCount: replicas.length * BLOCKS_PER_STAGE, patienceMs: 300 },
    events: { onMove: (move: Move) => void moves.push(move) },
  }
  const asker = await startAsker(offered, options)
  releases.push(asker.stop)
  await connectAll(asker.host, nodes)
  // On a busy machine streams fail that are opened while all of these still introduce themselves.
  for (const host of [asker.host, ...nodes.map((node) => node.host)]) {
    await expect.poll(() => hasMetAll(host), { timeout: 30_000 }).toBe(true)
  }
  const at = (stage: number, replica = 0): Place => {
    const place = places[stage]?.[replica]
    if (!place) throw new Error('no such node')
    return place
  }
  return {
    ...{ moves, at },
    /** It is no longer offered, so that the next answer begins with another one. */
    withdraw(place: Place) {
      candidates = candidates.filter(({ peer }) => peer !== place.node.peer)
    },
    computed: () => places.map((row) => row.map(({ counts }) => counts.rows)),
    filesLeft: async () =>
      (await Promise.all(places.flat().map(({ directory }) => readdir(directory).catch(() => [])))).flat(),
    ask(onToken: (count: number) => unknown = () => undefined, exact = true, by?: StageNode): Promise<Generation> {
      let count = 0
      const { failover } = by ? { failover: failoverOf(by, offered, options) } : asker
      return generate({
        ...{ pipeline: failover, clock: systemClock, root: 'root', prompt: PROMPT, maxTokens: TOKENS, exact },
        vocabulary: { tokenize: async () => PROMPT, piece: async () => new Uint8Array(), endOfText: null },
        route: places.map((_, stage) => candidates.find(({ start }) => start === stage * BLOCKS_PER_STAGE)!),
        ...{ contextTokens: 1024, ignoresEndOfText: true, signal: AbortSignal.timeout(60_000) },
        onToken: () => void onToken(++count),
      })
    },
    async isEmpty() {
      await expect.poll(() => places.flat().filter(({ sequences }) => sequences.size > 0).length, PATIENT).toBe(0)
      await expect
        .poll(() => nodes.map(({ pipeline }) => pipeline.kept), PATIENT)
        .toEqual(nodes.map(() => ({ sessions: 0, memoryBytes: 0, diskBytes: 0 })))
    },
  }
}

let expected: number[] | null = null
async function uninterrupted(): Promise<number[]> {
  if (expected === null) {
    const net = await network([1, 1, 1])
    expected = (await net.ask()).tokens
    expect(new Set(expected).size).toBeGreaterThan(6)
    expect(net.computed()).toEqual([[ROWS], [ROWS], [ROWS]])
  }
  return expected
}

describe('a node is lost, and only its stage is replayed (D-T28)', () => {
  for (const stage of [0, 1, 2]) {
    it(`D-T28: stage ${stage}: the others compute nothing again, in exact mode and in half precision`, async () => {
      const tokens = await uninterrupted()
      const net = await network([0, 1, 2].map((one) => (one === stage ? 4 : 1)))
      for (const [round, [how, exact, at]] of ROUNDS.entries()) {
        const lost = net.at(stage, round)
        const before = net.computed()
        const leave = () => {
          if (how === 'killed') void lost.node.kill()
          else lost.node.pipeline.endSessions(new EspalierError('STAGE_LOST', 'other blocks are assigned'))
        }
        net.moves.splice(0)
        const answer = await net.ask((count) => count === at && leave(), exact)
        expect(answer.tokens, how).toEqual(tokens)
        expect(net.moves).toMatchObject([{ lost: { peer: lost.node.peer }, recomputedBy: 'stage' }])
        // A last stage gives its answers again, which are compared; others give none.
        expect(net.moves[0]?.differentAnswers, how).toBe(stage === 2 ? 0 : null)
        const computed = net.computed().map((row, i) => row.map((rows, j) => rows - (before[i]?.[j] ?? 0)))
        expect(computed.filter((_, i) => i !== stage)).toEqual([[ROWS], [ROWS]])
        expect(computed[stage]?.[round + 1], how).toBe(ROWS)
        await net.isEmpty()
        net.withdraw(lost)
      }
    })
  }

  it('in the middle of a prompt: what is on its way is neither lost nor computed twice', async () => {
    const tokens = await uninterrupted()
    const net = await network([1, 2, 1])
    const lost = net.at(1)
    // Chunks are with the lost stage, before it and behind it.
    net.at(2).counts.onRun = () => void lost.node.kill()
    expect((await net.ask()).tokens).toEqual(tokens)
    expect(net.moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage'])
    expect(net.computed()).toEqual([[ROWS], [expect.any(Number), expect.any(Number)], [ROWS]])
  })

  it('one stage after another, and a replacement too: each is filled by the one that is before it then', async () => {
    const tokens = await uninterrupted()
    const net = await network([2, 3, 2])
    const losses = new Map([
      [2, net.at(1)],
      [4, net.at(1, 1)],
      [6, net.at(2)],
      [8, net.at(0)],
    ])
    const leaving: (Promise<void> | undefined)[] = []
    const answer = await net.ask((count) => void leaving.push(losses.get(count)?.node.kill()))
    await Promise.all(leaving)
    expect(answer.tokens).toEqual(tokens)
    expect(net.moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage', 'stage', 'stage', 'stage'])
    expect(net.computed()[1]?.[2]).toBe(ROWS)
    await net.isEmpty()
  })

  it('whoever asks may be a stage of its own route, before or behind the lost one', async () => {
    const tokens = await uninterrupted()
    for (const own of [0, 2]) {
      const net = await network([1, 2, 1])
      const answer = await net.ask((count) => count === 6 && void net.at(1).node.kill(), true, net.at(own).node)
      expect(answer.tokens).toEqual(tokens)
      expect(net.moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage'])
      expect(net.computed()).toEqual([[ROWS], [expect.any(Number), ROWS], [ROWS]])
      await net.isEmpty()
    }
  })

  it('a replacement that is gone too: the next one', async () => {
    const tokens = await uninterrupted()
    const net = await network([1, 3, 1])
    const answer = await net.ask((count) => {
      if (count === 5) for (const place of [net.at(1), net.at(1, 1)]) void place.node.kill()
    })
    expect(answer.tokens).toEqual(tokens)
    expect(net.moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage', 'stage'])
    expect(net.computed()).toEqual([[ROWS], [expect.any(Number), 0, ROWS], [ROWS]])
    await net.isEmpty()
  })

  it('more than the memory for it: from disk, and no file is left', async () => {
    const tokens = await uninterrupted()
    const net = await network([1, 2, 1], TINY)
    let onDisk = 0
    const answer = await net.ask(async (count) => {
      if (count !== 6) return
      onDisk = net.at(0).node.pipeline.kept.diskBytes
      await net.at(1).node.kill()
    })
    expect(answer.tokens).toEqual(tokens)
    expect(onDisk).toBeGreaterThan(0)
    expect(net.moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage'])
    expect(net.computed()).toEqual([[ROWS], [expect.any(Number), ROWS], [ROWS]])
    await net.isEmpty()
    await expect.poll(net.filesLeft, PATIENT).toEqual([])
  })
})

describe('where that can’t be, all of the new chain is replayed, and the answer is the same', () => {
  const replayed = async (net: Awaited<ReturnType<typeof network>>, onToken: (count: number) => unknown) => {
    const tokens = await uninterrupted()
    const answer = await net.ask(onToken)
    expect(answer.tokens).toEqual(tokens)
    expect(net.moves.at(-1)).toMatchObject({ recomputedBy: 'chain', replayedRows: expect.any(Number) })
    await net.isEmpty()
    await expect.poll(net.filesLeft, PATIENT).toEqual([])
    return answer.route.map(({ peer }) => peer)
  }

  it('the node that kept is lost as well', async () => {
    const net = await network([2, 2, 2])
    const route = await replayed(net, (count) => {
      if (count === 6) for (const place of [net.at(0), net.at(1)]) void place.node.kill()
    })
    expect(route).not.toContain(net.at(0).node.peer)
  })

  it('the disk takes nothing', async () => {
    const net = await network([1, 2, 1], TINY)
    // A file where the folder should be.
    await writeFile(net.at(0).directory, '')
    await replayed(net, (count) => {
      if (count === 6) void net.at(1).node.kill()
    })
    expect(net.at(0).node.log.map(({ code }) => code)).toContain('pipeline.kept.given-up')
  })

  for (const [what, stage, replica] of [
    ['before it', 0, 0],
    ['after it', 2, 0],
    ['in its place', 1, 1],
  ] as const) {
    it(`the node ${what} is of an older build; it is not blamed for that`, async () => {
      const net = await network([1, 2, 1])
      await net.at(stage, replica).node.host.unhandle([BOUND_PROTOCOL, MENDING_PROTOCOL])
      const route = await replayed(net, (count) => {
        if (count === 6) void net.at(1).node.kill()
      })
      expect(route).toEqual([net.at(0), net.at(1, 1), net.at(2)].map(({ node }) => node.peer))
    })
  }

  it('without a replica: the missing blocks are named, and no place stays taken', async () => {
    const net = await network([1, 1, 1])
    const failure = await net
      .ask((count) => {
        if (count === 6) void net.at(1).node.kill()
      })
      .catch((error: unknown) => error)
    expect(String(failure)).toContain('blocks 2, 3; ')
    await net.isEmpty()
  })
})
