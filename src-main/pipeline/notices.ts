import { randomBytes } from 'node:crypto'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import type { NoticeBody } from './frames'
import type { Link } from './links'
import { createBoundedMap } from './scores/bounded-map'

const INTERVAL_MS = 10_000
const MAX_PEERS = 256

/**
 * No silent penalties (D-T44): whoever lowers a peer's standing tells it why, and the peer's owner reads it in the log.
 * It is one node's word, and shown as that. One notice a peer in 10 s, in both directions.
 */
export function createNotices(options: {
  clock: Clock
  log: EventLog
  to: (peer: string) => Promise<Link>
  onHeard?: ((notice: NoticeBody, by: string) => void) | undefined
}) {
  const { clock, log } = options
  const heardAtMs = createBoundedMap<number>(MAX_PEERS)
  const sentAtMs = createBoundedMap<number>(MAX_PEERS)

  function isTooSoon(times: typeof heardAtMs, peer: string): boolean {
    const nowMs = clock.monotonicMs()
    const lastMs = times.get(peer)
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) return true
    times.set(peer, nowMs)
    return false
  }

  return {
    onNotice(notice: NoticeBody, from: Link): void {
      if (isTooSoon(heardAtMs, from.peer)) return
      const { code, cause } = notice
      options.onHeard?.(notice, from.peer)
      log.write('warn', 'pipeline.notice', `${from.peer} says of this node: ${cause}`, { peer: from.peer, code })
    },
    send(peer: string, body: NoticeBody): void {
      if (isTooSoon(sentAtMs, peer)) return
      const frame = { type: 'notice' as const, session: randomBytes(16).toString('hex'), body }
      options
        .to(peer)
        .then((link) => link.send(frame))
        .catch((error: unknown) => log.write('debug', 'pipeline.notice.unsent', messageOf(error), { peer }))
    },
  }
}
