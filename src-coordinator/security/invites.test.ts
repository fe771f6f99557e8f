import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { signCompact } from '../../src-main/membership/capability-token'
import { INVITE_TYPE, parseInviteLink } from '../../src-main/membership/invite'
import { FakeClock } from '../../test/fake-clock'
import { openCoordinatorDatabase } from '../database/open-database'
import type { CoordinatorDatabase } from '../database/tables'
import { createInvites, type Invites } from './invites'
import { type Issuer, openIssuer } from './issuer'

const DAY_MS = 24 * 3_600_000

let database: CoordinatorDatabase
let clock: FakeClock
let issuer: Issuer
let invites: Invites

beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
  clock = new FakeClock()
  issuer = await openIssuer(database.queries, clock.now())
  invites = createInvites({ db: database.queries, issuer, clock })
})
afterEach(() => database.close())

async function make(lifetimeMs = 60_000) {
  const row = await invites.make({ label: '', lifetimeMs })
  const link = await invites.linkOf(row, 'http://127.0.0.1:9')
  return { id: row.invite_id, text: parseInviteLink(link, clock.now()).invite }
}
const code = (name: string) => expect.objectContaining({ code: name })

describe('H-29: an invite', () => {
  it('is none under another type, or for another network, though the network’s own key signed it', async () => {
    const { id, text } = await make()
    const claims = decodeJwt(text)
    for (const forged of [
      await signCompact(issuer.key, 'cap+jwt', claims),
      await signCompact(issuer.key, INVITE_TYPE, { ...claims, aud: 'another network' }),
    ])
      await expect(invites.check(forged, 'a')).rejects.toEqual(code('INVITE_INVALID'))
    const honest = await signCompact(issuer.key, INVITE_TYPE, claims)
    await expect(invites.check(honest, 'a')).resolves.toMatchObject({ invite_id: id })
  })

  it('is given back by whoever used it, and only that one', async () => {
    const [mine, theirs] = [await make(), await make()]
    await invites.redeem(mine.text, 'me')
    await invites.redeem(theirs.text, 'them')
    await invites.giveBack(theirs.id, 'me')
    await expect(invites.check(theirs.text, null)).rejects.toEqual(code('INVITE_USED'))
    await invites.giveBack(mine.id, 'me')
    await expect(invites.check(mine.text, null)).resolves.toMatchObject({ invite_id: mine.id })
  })

  it('of which one worker used two gives back the one that is named', async () => {
    const [first, second] = [await make(), await make()]
    for (const { text } of [first, second]) await invites.redeem(text, 'me')
    await invites.giveBack(second.id, 'me')
    await expect(invites.check(first.text, null)).rejects.toEqual(code('INVITE_USED'))
    await expect(invites.check(second.text, null)).resolves.toMatchObject({ invite_id: second.id })
  })

  it('ends with the worker that it let in, and no other does', async () => {
    const [mine, theirs, open] = [await make(), await make(), await make()]
    await invites.redeem(mine.text, 'me')
    await invites.redeem(theirs.text, 'them')
    await invites.endRedeemedBy('me')
    await expect(invites.check(mine.text, 'me')).rejects.toEqual(code('INVITE_REVOKED'))
    await expect(invites.check(theirs.text, 'them')).resolves.toMatchObject({ invite_id: theirs.id })
    await expect(invites.check(open.text, null)).resolves.toMatchObject({ invite_id: open.id })
  })

  it('that was used is not revoked: its node is rejected or removed instead', async () => {
    const { id, text } = await make()
    await invites.redeem(text, 'me')
    await expect(invites.revoke(id)).rejects.toEqual(code('INVITE_USED'))
    await expect(invites.check(text, 'me')).resolves.toMatchObject({ invite_id: id })
  })

  it('is good until the second that it names, and listed for a month after', async () => {
    const { id, text } = await make(60_000)
    await clock.advance(59_999)
    await expect(invites.check(text, null)).resolves.toMatchObject({ invite_id: id })
    await clock.advance(1)
    await expect(invites.check(text, null)).rejects.toEqual(code('INVITE_EXPIRED'))
    await clock.advance(30 * DAY_MS)
    await invites.sweep()
    expect(await invites.list()).toHaveLength(1)
    await clock.advance(1)
    await invites.sweep()
    expect(await invites.list()).toEqual([])
  })
})
