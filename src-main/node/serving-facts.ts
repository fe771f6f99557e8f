import type { Clock } from '../../src-shared/clock'
import type { NoticeBody } from '../pipeline/frames'
import type { NodeFacts } from './facts'
import type { openServedCounts } from './served-counts'

const MAX_NOTICES = 8

/** What is done here for others, put into the node's facts and passed on to whoever counts it. */
export function createServingFacts(options: {
  facts: NodeFacts
  counts: Pick<Awaited<ReturnType<typeof openServedCounts>>, 'add'>
  clock: Pick<Clock, 'now'>
  /** Open sessions, of every protocol. */
  sessions(): number
  onSessions(active: number): void
  /** The host of the network counts, too. */
  report: { tokens(count: number): void; request(): void }
  /** Another peer got tokens out of our blocks. */
  onServedFor(peer: string): void
  onChange(): void
}) {
  const { facts, counts, clock, report, onChange } = options
  return {
    onSessions(): void {
      facts.activeSessions = options.sessions()
      options.onSessions(facts.activeSessions)
      onChange()
    },
    /** Who asks itself serves nobody: neither this node's owner nor the host of the network shall read it as given. */
    onServed(asker: string, rows: number): void {
      if (asker === facts.peerId) return
      facts.served = counts.add('tokens', rows)
      report.tokens(rows)
      options.onServedFor(asker)
      if (facts.loadLevel === 'L7') return
      facts.loadLevel = 'L7'
      onChange()
    },
    onRequest(asker: string): void {
      if (asker === facts.peerId) return
      facts.served = counts.add('requests', 1)
      report.request()
    },
    /** No silent penalties: what another node holds against this one is for its owner to see. */
    onNotice({ code, cause }: NoticeBody, by: string): void {
      facts.notices = [...facts.notices, { by, code, cause, at: clock.now() }].slice(-MAX_NOTICES)
      onChange()
    },
  }
}
