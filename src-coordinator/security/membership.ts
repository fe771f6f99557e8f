import type { CapabilityGrant } from '../../src-main/membership/capability-grant'
import type { Approval } from '../approval'
import type { RosterEntry, StandingEntry } from '../roster-entries'
import type { CapabilityIssuer } from './capability-issuer'
import type { Invites } from './invites'
import type { SignedWorkers } from './signed-workers'

/** What the worker routes need of membership. */
export interface Membership {
  /**
   * Registers through `register`, with an invite first checked and then used up: an invited node is approved at once.
   * A bad invite is refused before anything is written; who is in already needs none. Throws what `Invites.check` and `register` throw.
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
  isApproved(workerId: string): Promise<boolean>
}): Membership {
  const { invites, capabilities, signedWorkers } = parts
  return {
    async admit({ workerId, signer, invite }, register) {
      const isInvited = invite !== undefined && !(await parts.isApproved(workerId))
      if (isInvited) await invites.check(invite, workerId)
      const entry = await register()
      if (signer !== null) await signedWorkers.add(workerId, signer)
      if (!isInvited || entry.worker.standing === 'approved') return entry
      // A rejection is the host's word about this very node; an invite for anybody does not overrule it.
      if (entry.worker.standing === 'rejected') return entry
      const { label, invite_id } = await invites.redeem(invite, workerId)
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
