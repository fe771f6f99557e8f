import type { Clock, Disposer } from '../src-shared/clock'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase } from './database/tables'
import { listMembers } from './members'
import { type NamedPeer, namedPeer } from './worker-documents'

export interface PeerList {
  /** Whom to name to others now; at most a second old where another coordinator made the change. */
  read(): Promise<readonly NamedPeer[]>
  close: Disposer
}

const MAX_AGE_MS = 1_000

/** The peer list, parsed once for many answers: every heartbeat carries it. */
export function createPeerList(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  loopbackOnly: boolean
}): PeerList {
  const { clock, database, loopbackOnly } = options
  let kept: { peers: Promise<readonly NamedPeer[]>; at: number } | null = null
  const read = async () => (await listMembers(database.queries)).map((member) => namedPeer(member, loopbackOnly))
  return {
    read() {
      const now = clock.monotonicMs()
      if (!kept || now - kept.at >= MAX_AGE_MS) {
        const peers = read()
        kept = { peers, at: now }
        // What failed is asked for again.
        peers.catch(() => {
          kept = null
        })
      }
      return kept.peers
    },
    close: options.events.subscribe(({ type }) => {
      if (type === 'network') kept = null
    }),
  }
}
