import type { CapabilityGrant } from '../../src-main/membership/capability-grant'
import type { Approval } from '../approval'
import type { RosterEntry, StandingEntry } from '../roster-entries'
import type { CapabilityIssuer } from './capability-issuer'
import type { Invites } from './invites'
import type { SignedWorkers } from './signed-workers'

/** What the worker routes need of membership. */
export interface Membership {
  /**
   * Registers through `register`, with an invite used up first: an invited node is approved at once. Whom an invite does not
   * let in is not registered; who is in already needs none. Throws what `Invites.redeem` and `register` throw.
   */
  admit(
    request: { workerId: string; signer: string | null; invite: string | undefined },
    register: () => Promise<RosterEntry>,
  ): Promise<RosterEntry>
  /** Fields to add to an answer to a worker. */
  grantFields(entry: StandingEntry, signer: string | null): Promise<{ x_capability?: CapabilityGrant }>
  /** A worker that leaves holds no tokens. Where the host sent it away, the invite that it came with ends too. */
  dismiss(workerId: string, by: 'itself' | 'the host'): Promise<void>
}

export function createMembership(parts: {
  invites: Invites
  capabilities: CapabilityIssuer
  signedWorkers: SignedWorkers
  approve: Approval['approve']
  standingOf(workerId: string): Promise<{ isApproved: boolean; isTurnedAway: boolean }>
}): Membership {
  const { invites, capabilities, signedWorkers } = parts
  return {
    async admit({ workerId, signer, invite }, register) {
      const registered = async () => {
        const entry = await register()
        if (signer !== null) await signedWorkers.add(workerId, signer)
        return entry
      }
      const { isApproved, isTurnedAway } = await parts.standingOf(workerId)
      if (invite === undefined || isApproved) return registered()
      const { redeemed_by } = await invites.check(invite, workerId)
      // A no is the host's word about this very node; an invite for anybody does not overrule it, and stays good.
      if (isTurnedAway) return registered()
      // Before anything is registered: of several that come at once, with one invite, the others leave nothing behind.
      const { label, invite_id } = await invites.redeem(invite, workerId)
      const entry = await registered().catch(async (error: unknown) => {
        if (redeemed_by === null) await invites.giveBack(invite_id, workerId)
        throw error
      })
      if (entry.worker.standing !== 'pending') return entry
      const reason = label ? `Invited: ${label}` : 'Invited'
      return parts.approve(workerId, reason, `invite ${invite_id.slice(0, 8)}`)
    },
    async grantFields(entry, signer) {
      const grant = await capabilities.grantFor(entry, signer)
      return grant ? { x_capability: grant } : {}
    },
    async dismiss(workerId, by) {
      if (by === 'the host') await invites.endRedeemedBy(workerId)
      await capabilities.revokeAllOf(workerId)
    },
  }
}
