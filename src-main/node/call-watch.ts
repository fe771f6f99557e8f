import type { NodeStatus } from '../../src-shared/status'
import type { CallFigures } from '../network/call-limits/limit-calls'
import type { EventLog } from '../storage/event-log'

export type CallsView = NonNullable<NodeStatus['calls']>

/** More protocols than a node serves. */
const MAX_PROTOCOLS = 32

/** What became of the calls of other peers; those refused since the look before are one event, however many they are. */
export function watchCalls(figures: () => CallFigures, log: Pick<EventLog, 'write'>): () => CallsView {
  let told = 0
  return () => {
    const { protocols, refusedEarly, cut } = figures()
    const refused = protocols.reduce((sum, one) => sum + one.refused, refusedEarly)
    if (refused > told) {
      const fresh = refused - told
      const text = `${fresh} ${fresh === 1 ? 'call' : 'calls'} of peers refused: more than this node answers`
      log.write('warn', 'calls.refused', text, { calls: fresh, peersCut: cut })
      told = refused
    }
    const asked = protocols.filter(({ admitted, refused: denied }) => admitted + denied > 0)
    return {
      answered: asked.reduce((sum, { admitted }) => sum + admitted, 0),
      refused,
      refusedEarly,
      peersCut: cut,
      // Where there was trouble comes first, then what is asked most.
      protocols: asked.toSorted((a, b) => b.refused - a.refused || b.admitted - a.admitted).slice(0, MAX_PROTOCOLS),
    }
  }
}
