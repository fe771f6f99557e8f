import * as z from 'zod/mini'
import { formatBlocks } from './blocks'
import { ERROR_CODES, type ErrorCode } from './error-catalogue'

const peerId = z.string().check(z.maxLength(120))
const blocks = z.object({ start: z.int(), end: z.int() })

/** One hop of an answer's route, as the entry measured it. */
export const HopSchema = z.object({
  peerId,
  blocks,
  /** Compute time of the stage per token, median, as the stage itself reports it, in ms. */
  computeMs: z.nullable(z.number()),
  isSelf: z.optional(z.boolean()),
  /** How far this node has found the peer to be reliable, 0…1. */
  score: z.optional(z.number()),
  /** From this node to the peer and back, ms; null when the peer did not answer the measurement. */
  roundTripMs: z.optional(z.nullable(z.number())),
})
export type Hop = z.infer<typeof HopSchema>

/** A node that was left in the middle of an answer; with STAGE_NOT_APPROVED one that may not serve, and was told nothing. */
export const LostHopSchema = z.object({
  peerId,
  blocks,
  code: z.enum(ERROR_CODES),
  cause: z.string().check(z.maxLength(1200)),
  /** How long the answer paused until a replica was where this node had been. */
  pauseMs: z.number(),
})
export type LostHop = z.infer<typeof LostHopSchema>

/** While an answer waits: a node left, and who takes its place. Told twice, first without anybody. */
export const RouteChangeSchema = z.object({
  peerId,
  blocks,
  code: z.enum(ERROR_CODES),
  /** Those that serve the blocks from here on; empty while they are looked for. */
  replacements: z.array(peerId).check(z.maxLength(64)),
  /** The answer goes on with this token, counted from 1. */
  token: z.int(),
})
export type RouteChange = z.infer<typeof RouteChangeSchema>

const GONE: Partial<Record<ErrorCode, string>> = {
  SESSION_LIMIT: 'is busy',
  STAGE_NOT_APPROVED: 'is not approved by the host',
}

/** For the person who waits. `nameOf` gives the name under which they know a peer. */
export function routeChangeWords(
  { peerId, blocks, code, replacements, token }: RouteChange,
  nameOf: (peerId: string) => string = tail,
): string {
  const gone = `The node ${nameOf(peerId)} ${GONE[code] ?? 'left'}.`
  if (replacements.length === 0) return `${gone} Looking for another one that serves blocks ${formatBlocks(blocks)}.`
  const names = replacements.map(nameOf)
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${gone} Continuing with ${list} from token ${token}.`
}

/** `🏠 Local · score 0.94 · 23 ms`, `🌐 Remote 8Zz4mKpQ1aBcD2eF · score 0.90 · 41 ms`: seeds/003, OPEN-7. */
export function hopBadge({ peerId, computeMs, isSelf, score, roundTripMs }: Hop): string {
  const ms = computeMs === null ? null : computeMs + (isSelf ? 0 : (roundTripMs ?? 0))
  return [
    isSelf ? '🏠 Local' : `🌐 Remote ${tail(peerId)}`,
    ...(score === undefined ? [] : [`score ${score.toFixed(2)}`]),
    ...(ms === null ? [] : [`${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`]),
  ].join(' · ')
}

export function lostBadge({ peerId, code, pauseMs }: LostHop): string {
  if (code === 'STAGE_NOT_APPROVED') return `⊘ Not asked ${tail(peerId)} · ${code}`
  return `✖ Failed ${tail(peerId)} · ${code} · paused ${Math.round(pauseMs)} ms`
}

/** Peer ids of a kind begin alike: their ends tell them apart. */
function tail(peerId: string): string {
  return peerId.slice(-16)
}
