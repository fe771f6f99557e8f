import type { Clock } from '../../src-shared/clock'
import type { EspalierError } from '../../src-shared/errors'
import type { TokenKeeper } from './token-keeper'
import { createUseCounter } from './use-counter'
import { verifyToken } from './verify'

/** What the header of a session says about who asks. */
export interface SessionHeader {
  /** Peer id of the entry; its connection has proven it at the first stage, and answers go to it alone. */
  entry: string
  token?: string | undefined
}

export type Admission = { ok: true } | { ok: false; refusal: EspalierError }

/** A pipeline's view of membership. */
export interface SessionGuard {
  /** Our own token, for sessions that we open. */
  token(): string | null
  /** Whether a session may run through our blocks. Never throws. */
  authorise(header: SessionHeader): Promise<Admission>
}

/**
 * Judges sessions by the coordinator's rules. A token that is shown must be good, always; that one is shown is demanded
 * in networks for members only. `model` names what our blocks belong to.
 */
export function createSessionGuard(options: {
  keeper: Pick<TokenKeeper, 'token' | 'authority' | 'membersOnly'>
  model: () => string | null
  clock: Clock
}): SessionGuard {
  const { keeper, model, clock } = options
  const uses = createUseCounter(clock)
  return {
    token: keeper.token,
    async authorise({ entry, token }) {
      const authority = keeper.authority()
      if (!authority || (token === undefined && !keeper.membersOnly)) return { ok: true }
      const use = { subject: entry, needs: { action: 'ask', model: model() ?? '' } as const }
      return verifyToken(token, use, { authority, uses, clock })
    },
  }
}
