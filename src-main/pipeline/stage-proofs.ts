import type { BlockRange } from '../../src-shared/blocks'
import { EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import type { SessionGuard } from '../membership/session-guard'
import type { CheckedBody } from './frames'
import type { RouteStage } from './route'
import { RouteError } from './route-error'
import { createBoundedMap } from './scores/bounded-map'

const MAX_PEERS = 10_000
const ASK_TIMEOUT_MS = 3_000

/** Whether the stages of our sessions may serve, in networks for members only. Elsewhere nothing is asked of anybody. */
export interface StageProofs {
  isDemanded(): boolean
  /** Throws TOKEN_MISSING where it is, and this node is no member itself (any more): then it can ask nobody. */
  requireMembership(): void
  /** Asks a peer what it serves, and to show its token. Null for one that is of a build that shows none. */
  ask(peer: string, signal: AbortSignal): Promise<CheckedBody | null>
  /** Why this peer, showing this, may not serve these blocks; null when it may. A good token is kept. */
  refusalOf(stage: RouteStage, token: string | undefined): Promise<RouteError | null>
  /**
   * Resolves when every stage of the route has shown that it may serve its blocks: by what it showed before, where that is
   * still good, else it is asked. Rejects with STAGE_NOT_APPROVED or STAGE_LOST for the first that has not.
   */
  demand(route: readonly RouteStage[]): Promise<void>
}

export function createStageProofs(options: {
  self: string
  guard: SessionGuard | undefined
  check: (peer: string, signal: AbortSignal) => Promise<CheckedBody>
}): StageProofs {
  const { self, guard, check } = options
  const shown = createBoundedMap<string>(MAX_PEERS)

  async function ask(peer: string, signal: AbortSignal): Promise<CheckedBody | null> {
    try {
      return await check(peer, signal)
    } catch (error) {
      if (error instanceof Error && error.name === 'UnsupportedProtocolError') return null
      throw error
    }
  }

  async function refusalOf({ peer, start, end }: RouteStage, token: string | undefined): Promise<RouteError | null> {
    const blocks: BlockRange = { start, end }
    const refusal = peer === self || !guard ? null : await guard.whyNotServe(peer, blocks, token)
    if (refusal) {
      const why = `blocks ${start}–${end - 1} on ${peer}: ${reportOf(refusal).cause}`
      return new RouteError('STAGE_NOT_APPROVED', why, peer, { cause: refusal })
    }
    if (token !== undefined) shown.set(peer, token)
    return null
  }

  async function demandOf(stage: RouteStage): Promise<void> {
    const { peer } = stage
    // Judged anew each time: a token expires, is revoked, and is for certain blocks.
    const before = shown.get(peer)
    if (peer === self || (before !== undefined && (await refusalOf(stage, before)) === null)) return
    const answer = await ask(peer, AbortSignal.timeout(ASK_TIMEOUT_MS)).catch((error: unknown) => {
      throw new RouteError('STAGE_LOST', `${peer} (${messageOf(error)})`, peer, { cause: error })
    })
    const refusal = await refusalOf(stage, answer?.token)
    if (refusal) throw refusal
  }

  const isDemanded = () => guard?.isMembersOnly() ?? false
  function requireMembership(): void {
    if (isDemanded() && guard?.token() === null) throw new EspalierError('TOKEN_MISSING')
  }

  return {
    isDemanded,
    requireMembership,
    ask,
    refusalOf,
    async demand(route) {
      requireMembership()
      if (isDemanded()) await Promise.all(route.map(demandOf))
    },
  }
}
