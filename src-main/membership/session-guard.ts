import type { PrivateKey } from '@libp2p/interface'
import type { BlockRange } from '../../src-shared/blocks'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type BoundSession, bindSession, type SessionBinding, whatIsWrongWith } from './session-binding'
import type { TokenKeeper } from './token-keeper'
import { createUseCounter } from './use-counter'
import { TOKEN_LEEWAY_MS, verifyToken } from './verify'

/** What the header of a session says about who asks. */
export interface SessionHeader {
  /** Peer id of the entry; its connection has proven it at the first stage, its signature at each. */
  entry: string
  token?: string | undefined
  /** What is to be opened, and the entry's signature under it. Absent in protocols that have no place for one. */
  session?: Omit<BoundSession, 'entry'> & { binding?: SessionBinding | undefined }
}

/** `bearer` showed a good token; of `bound` it is proven that the token is its own, whoever brought it. */
export type AskerStanding = 'guest' | 'bearer' | 'bound'

export type Admission = { ok: true; standing: AskerStanding } | { ok: false; refusal: EspalierError }

/** A pipeline's view of membership. */
export interface SessionGuard {
  /** Our own token, for sessions that we open, and to show that we may serve. */
  token(): string | null
  /** Whether sessions without a token are refused, and stages that may not serve are not asked. */
  isMembersOnly(): boolean
  /** Our signature under a session that we open; null where none is demanded. Throws TOKEN_MISSING when we may not ask. */
  bind(session: BoundSession): Promise<SessionBinding | null>
  /** Whether a session may run through our blocks. Never throws. */
  authorise(header: SessionHeader): Promise<Admission>
  /** Why this peer, with the token that it shows, may not serve these blocks; null when it may. */
  whyNotServe(peer: string, blocks: BlockRange, token: string | undefined): Promise<EspalierError | null>
}

/**
 * Judges sessions by the coordinator's rules. A token that is shown must be good, always; that one is shown, by who asks and
 * by who serves, is demanded in networks for members only. `model` names what our blocks belong to.
 */
export function createSessionGuard(options: {
  keeper: Pick<TokenKeeper, 'token' | 'authority' | 'membersOnly'>
  /** Signs the sessions that we open. */
  identity: PrivateKey
  model: () => string | null
  clock: Clock
  /** Opened sessions that are remembered at once; when all places are taken, newcomers are refused. */
  maxOpened?: number
}): SessionGuard {
  const { keeper, model, clock } = options
  const uses = createUseCounter(clock)
  /** Sessions that were opened here: each once, so long as its signature would be taken. */
  const opened = createUseCounter(clock, options.maxOpened)

  return {
    token: keeper.token,
    isMembersOnly: () => keeper.membersOnly,
    async bind(session) {
      if (!keeper.membersOnly) return null
      if (keeper.token() === null) throw new EspalierError('TOKEN_MISSING')
      return bindSession(options.identity, session, clock.now())
    },
    async authorise({ entry, token, session }) {
      const authority = keeper.authority()
      if (!authority && keeper.membersOnly)
        return refused(new EspalierError('STAGE_LOST', 'the coordinator has taken back what it may serve'))
      if (!authority || (token === undefined && !keeper.membersOnly)) return { ok: true, standing: 'guest' }
      const binding = session?.binding
      // Before the token is looked at: one that somebody else shows must not be used up by that.
      if (token !== undefined && (binding || keeper.membersOnly)) {
        const wrong = session ? await whatIsWrongWith(binding, { ...session, entry }, clock.now()) : 'nothing is signed'
        if (wrong) return refused(new EspalierError('TOKEN_NOT_BOUND', wrong))
      }
      const use = { subject: entry, needs: { action: 'ask', model: model() ?? '' } as const }
      const verdict = await verifyToken(token, use, { authority, uses, clock })
      if (!verdict.ok) return verdict
      if (!session || !binding) return { ok: true, standing: 'bearer' }
      const counted = opened.take(`${entry}/${session.id}`, 1, binding.expiresAt + TOKEN_LEEWAY_MS)
      if (counted === 'full') return refused(new EspalierError('SESSION_LIMIT', 'too many sessions within minutes'))
      if (counted === 'used-up') return refused(new EspalierError('SESSION_REPLAYED'))
      return { ok: true, standing: 'bound' }
    },
    async whyNotServe(peer, blocks, token) {
      const authority = keeper.authority()
      if (!authority) return new EspalierError('TOKEN_ISSUER_UNKNOWN')
      const use = { subject: peer, needs: { action: 'serve', model: model() ?? '', blocks } as const }
      // To look at it is no use of it.
      const verdict = await verifyToken(token, use, { authority, uses: null, clock })
      return verdict.ok ? null : verdict.refusal
    },
  }
}

function refused(refusal: EspalierError): Admission {
  return { ok: false, refusal }
}
