import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { RosterEntry } from '../roster-entries'
import { createMembership } from './membership'
import type { InviteRow } from './security-tables'

const never = () => Promise.reject(new Error('nobody asked for this'))

function setUp(redeemedBy: string | null) {
  const row: InviteRow = {
    ...{ invite_id: 'invite-1', label: '', created_at: 0, expires_at: 1, redeemed_at: null, revoked_at: null },
    redeemed_by: redeemedBy,
  }
  const done: string[] = []
  const membership = createMembership({
    invites: {
      ...{ make: never, linkOf: never, list: never, find: never, revoke: never, sweep: never, endRedeemedBy: never },
      requireOpen: () => undefined,
      check: async () => row,
      redeem: async () => ({ ...row, redeemed_by: 'me' }),
      giveBack: async (inviteId, workerId) => void done.push(`${inviteId} of ${workerId}`),
    },
    capabilities: { grantFor: never, list: never, revoke: never, revokeAllOf: never, authority: never, sweep: never },
    signedWorkers: { has: never, add: never, sweep: never },
    approve: never,
    standingOf: async () => ({ isApproved: false, isTurnedAway: false }),
  })
  const register = (): Promise<RosterEntry> => Promise.reject(new EspalierError('COORDINATOR_BUSY'))
  return { done, admit: () => membership.admit({ workerId: 'me', signer: null, invite: 'text' }, register) }
}

it('H-29: an invite that a refused registration has just used up is open again', async () => {
  const { done, admit } = setUp(null)
  await expect(admit()).rejects.toMatchObject({ code: 'COORDINATOR_BUSY' })
  expect(done).toEqual(['invite-1 of me'])
})

it('H-29: one that let this worker in long ago stays used, also when it is refused this time', async () => {
  const { done, admit } = setUp('me')
  await expect(admit()).rejects.toMatchObject({ code: 'COORDINATOR_BUSY' })
  expect(done).toEqual([])
})
