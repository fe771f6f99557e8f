import { EspalierError } from '../../src-shared/errors'
import type { AskerStanding, SessionGuard } from '../membership/session-guard'
import type { OpenBody } from './frames'
import type { Link } from './links'
import { type PlaceAsker, RANK } from './places'
import { neighbourBefore } from './step-rules'

/** Sessions whose tokens are being checked. */
const MAX_JUDGED = 256

/** Membership comes first: nothing is looked up or reserved for whoever may not ask. */
export function createAdmission(options: {
  self: string
  guard: SessionGuard | undefined
  /** Whether this node's own user opened the session through our blocks: only the stages of its route know its id. */
  isOurs: (id: string) => boolean
}) {
  const { self, guard, isOurs } = options
  const judged = new Map<string, Link>()

  /** The entry, where it is proven who that is, else the neighbour that brings its session. */
  function askerOf(id: string, open: OpenBody, standing: AskerStanding): PlaceAsker {
    if (isOurs(id) && open.entry === self) return { asker: self, rank: RANK.own }
    const isProven = standing === 'bound' || open.stage === 0
    const rank = isProven && standing !== 'guest' ? RANK.member : RANK.guest
    return { asker: isProven ? open.entry : neighbourBefore(open), rank }
  }

  return {
    /**
     * Calls `begin` with who asks for the place, in this very call where everybody may; not at all when the session is closed, or its
     * neighbour gone, before it begins. Rejects with what the guard refuses with, and what `begin` throws.
     */
    async admit(id: string, open: OpenBody, upstream: Link, begin: (asker: PlaceAsker) => void): Promise<void> {
      if (!guard) {
        begin(askerOf(id, open, 'guest'))
        return
      }
      if (judged.has(id)) throw new EspalierError('PROTOCOL_VIOLATION', 'the session is open already')
      if (judged.size >= MAX_JUDGED) throw new EspalierError('SESSION_LIMIT')
      judged.set(id, upstream)
      const { entry, token, root, contextTokens, route, binding } = open
      const session = { id, root, contextTokens, route, binding }
      const admission = await guard.authorise({ entry, token, session }).catch((error: unknown) => {
        judged.delete(id)
        throw error
      })
      if (!judged.delete(id)) return
      if (!admission.ok) throw admission.refusal
      begin(askerOf(id, open, admission.standing))
    },
    onClose(id: string, upstream: Link): void {
      if (judged.get(id) === upstream) judged.delete(id)
    },
    onLinkEnd(link: Link): void {
      for (const [id, upstream] of judged) if (upstream === link) judged.delete(id)
    },
  }
}
