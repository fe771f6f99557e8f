import type { BlockRange } from '../../src-shared/blocks'
import { isErrorCode, messageOf } from '../../src-shared/errors'
import { type Candidate, chooseRoute, type RouteStage } from '../pipeline/route'

/** A server as the forecast sees it. */
export interface MeteredServer extends BlockRange {
  readonly peer: string
  /** One token through one of its blocks, ms; null where it does not say. */
  readonly blockMs: number | null
  /** From here and back, measured, ms; null where it did not answer, or was not asked. */
  readonly roundTripMs: number | null
  /** There were more of them than are asked. */
  readonly isUnasked?: boolean
  /** Its own measured round trips to others, seconds by peer id. */
  readonly pingsS: ReadonlyMap<string, number> | null
}

export interface OwnPower {
  /** Measured: one token through one block, ms. */
  readonly blockMs: number
  /** The most blocks that fit into the memory that is offered. */
  readonly maxBlocks: number
}

export interface Speed {
  /** Null: no answer can pass, or a part of the sum is not known; `reason` says which. */
  readonly tokensPerSecond: number | null
  readonly route: readonly RouteStage[]
  readonly reason: string | null
}

const SELF = 'this computer'

/**
 * Tokens a second of the quickest route: 1000 by the sum of each stage's compute time and each hop's one-way time, with
 * the way in and the way of the result. One token is on its way at a time.
 */
export function speedOf(servers: readonly MeteredServer[], blockCount: number): Speed {
  const silent = servers.filter(({ peer, roundTripMs }) => peer !== SELF && roundTripMs === null)
  const known = new Map(servers.flatMap((server) => (silent.includes(server) ? [] : [[server.peer, server]])))
  const oneWayMs = (from: string | null, to: string | null) => wayMs(from, to, known)
  const candidates = [...known.values()].flatMap(({ peer, start, end, blockMs }): Candidate[] =>
    blockMs === null ? [] : [{ peer, start, end, cost: blockMs * (end - start) }],
  )
  try {
    const route = chooseRoute(candidates, blockCount, oneWayMs)
    const stagesMs = route.reduce(
      (sum, { peer, start, end }) => sum + (known.get(peer)?.blockMs ?? 0) * (end - start),
      0,
    )
    const stops = [null, ...route.map(({ peer }) => peer), null]
    const hopsMs = stops.slice(1).reduce((sum, to, i) => sum + oneWayMs(stops[i] ?? null, to), 0)
    return { tokensPerSecond: 1_000 / (stagesMs + hopsMs), route, reason: null }
  } catch (error) {
    if (!isErrorCode(error, 'CHAIN_INCOMPLETE')) throw error
    const unasked = silent.filter(({ isUnasked }) => isUnasked).length
    const speechless = [...known.values()].filter(({ blockMs }) => blockMs === null).length
    const asides = [
      ...(silent.length > unasked ? [`${silent.length - unasked} did not answer this computer`] : []),
      ...(unasked > 0 ? [`${unasked} were not asked`] : []),
      ...(speechless > 0 ? [`${speechless} do not say how fast they are`] : []),
    ]
    return { tokensPerSecond: null, route: [], reason: [messageOf(error), ...asides].join('; ') }
  }
}

/** Half a round trip: what one of the two has measured to the other, else about as long as by way of this computer. */
function wayMs(from: string | null, to: string | null, servers: ReadonlyMap<string, MeteredServer>): number {
  // The asker is this computer too.
  const [a, b] = [from ?? SELF, to ?? SELF]
  if (a === b) return 0
  const pingS = servers.get(a)?.pingsS?.get(b) ?? servers.get(b)?.pingsS?.get(a)
  if (pingS !== undefined && Number.isFinite(pingS)) return (pingS * 1_000) / 2
  return [a, b].reduce((sum, peer) => sum + (servers.get(peer)?.roundTripMs ?? 0) / 2, 0)
}

/**
 * Which blocks this computer would take: the first gap that it can close, else those of the server whose blocks the
 * fewest others have. Null where nothing that it can hold lines up with the others.
 */
export function likelyBlocks(
  servers: readonly MeteredServer[],
  blockCount: number,
  maxBlocks: number,
): BlockRange | null {
  const coverage = Array.from(
    { length: blockCount },
    (_, block) => servers.filter(({ start, end }) => start <= block && block < end).length,
  )
  const gaps = gapsOf(coverage)
  if (gaps.length > 0) return gaps.find(({ start, end }) => end - start <= maxBlocks) ?? null
  const weakest = ({ start: from, end }: BlockRange) => Math.min(...coverage.slice(from, end))
  const [best] = servers
    .filter(({ start: from, end }) => end - from <= maxBlocks)
    .toSorted((a, b) => weakest(a) - weakest(b) || a.start - b.start)
  return best ? { start: best.start, end: best.end } : null
}

/** Runs of blocks that nobody has, in order. */
function gapsOf(coverage: readonly number[]): BlockRange[] {
  return coverage.flatMap((count, start) => {
    if (count > 0 || coverage[start - 1] === 0) return []
    const next = coverage.findIndex((other, block) => block > start && other > 0)
    return [{ start, end: next < 0 ? coverage.length : next }]
  })
}

/** An answer that goes through this computer, with these blocks. */
export function speedWith(
  servers: readonly MeteredServer[],
  blockCount: number,
  own: BlockRange & { blockMs: number },
): Speed {
  const self: MeteredServer = { ...own, peer: SELF, roundTripMs: 0, pingsS: null }
  // Who has any of the same blocks would stand beside us, not before or behind us.
  const others = servers.filter(({ start, end }) => end <= own.start || start >= own.end)
  return speedOf([...others, self], blockCount)
}

const NOTICEABLE = 0.03

export function verdictOf(now: Speed, together: Speed): 'completes' | 'faster' | 'same' | 'slower' | 'unknown' {
  if (together.tokensPerSecond === null) return 'unknown'
  if (now.tokensPerSecond === null) return 'completes'
  const change = together.tokensPerSecond / now.tokensPerSecond - 1
  if (Math.abs(change) < NOTICEABLE) return 'same'
  return change > 0 ? 'faster' : 'slower'
}
