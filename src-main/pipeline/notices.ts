import { randomBytes } from 'node:crypto'
import type { Clock } from '../../src-shared/clock'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { plainText } from '../hivemind/unary-client'
import type { EventLog } from '../storage/event-log'
import type { NoticeBody } from './frames'
import type { Link } from './links'
import { createBoundedMap } from './scores/bounded-map'

const INTERVAL_MS = 10_000
const MAX_PEERS = 256
/** Quarantines come while somebody still tries; a spot check soon after its answer. */
const LATELY_MS = 30 * 60_000
/** What a peer tells in its own words is evidence, not a letter. */
const MAX_WORDS = 300

/** What one node can hold against another's blocks. */
const NOTICE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ENGINE_DECODE_FAILED',
  'PROTOCOL_VIOLATION',
  'SPOT_CHECK_DISAGREED',
  'STAGE_LOST',
  'TIMED_OUT',
])

/**
 * No silent penalties (D-T44): whoever lowers a peer's standing tells it why, and the peer's owner reads it in the log.
 * It is one node's word, and shown as that: our sentence for the code, and what it says in quotation marks. Only those that
 * had a session through this node lately are heard. One notice a peer in 10 s, in both directions.
 */
export function createNotices(options: {
  clock: Clock
  log: EventLog
  to: (peer: string) => Promise<Link>
  onHeard?: ((notice: NoticeBody, by: string) => void) | undefined
}) {
  const { clock, log } = options
  const heardAtMs = createBoundedMap<number>(MAX_PEERS)
  const askedAtMs = createBoundedMap<number>(MAX_PEERS)
  const sentAtMs = createBoundedMap<number>(MAX_PEERS)

  function isTooSoon(times: typeof heardAtMs, peer: string): boolean {
    const nowMs = clock.monotonicMs()
    const lastMs = times.get(peer)
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) return true
    times.set(peer, nowMs)
    return false
  }

  return {
    /** A session of this entry was let in here. */
    onAsked(entry: string): void {
      askedAtMs.set(entry, clock.monotonicMs())
    },
    onNotice({ code, cause: words }: NoticeBody, { peer }: Link): void {
      const lastMs = askedAtMs.get(peer)
      if (lastMs === undefined || clock.monotonicMs() - lastMs > LATELY_MS || !NOTICE_CODES.has(code)) return
      if (isTooSoon(heardAtMs, peer)) return
      const cause = `${new EspalierError(code).message}. In its words: “${plainText(words).slice(0, MAX_WORDS)}”`
      options.onHeard?.({ code, cause }, peer)
      log.write('warn', 'pipeline.notice', `${peer} says of this node: ${cause}`, { peer, code })
    },
    send(peer: string, { code: held, cause }: NoticeBody): void {
      if (isTooSoon(sentAtMs, peer)) return
      const code: ErrorCode = NOTICE_CODES.has(held) ? held : 'STAGE_LOST'
      const body = { code, cause }
      const frame = { type: 'notice' as const, session: randomBytes(16).toString('hex'), body }
      options
        .to(peer)
        .then((link) => link.send(frame))
        .catch((error: unknown) => log.write('debug', 'pipeline.notice.unsent', messageOf(error), { peer }))
    },
  }
}
