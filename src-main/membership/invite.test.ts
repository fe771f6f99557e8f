import { expect, it } from 'vitest'
import { seededIssuer } from '../../test/membership/issuer-keys'
import { signCompact } from './capability-token'
import { formatInviteLink, INVITE_TYPE, isLikeInvite, parseInviteLink } from './invite'

const NOW = Date.UTC(2026, 0, 1)
const issuer = await seededIssuer('issuer')
const exp = NOW / 1000 + 60
const invite = await signCompact(issuer, INVITE_TYPE, { iss: issuer.kid, aud: 'orchard', jti: 'invite-0001', exp })
const linkTo = (coordinatorUrl: string) => formatInviteLink({ coordinatorUrl, invite })

it('H-29: an invite leads to a web address, and to nothing else that a link could name', () => {
  expect(parseInviteLink(` ${linkTo('https://orchard.example')}\n`, NOW)).toEqual({
    ...{ coordinatorUrl: 'https://orchard.example', invite, networkId: 'orchard', expiresAt: exp * 1000 },
  })
  for (const url of ['file:///etc/passwd', 'javascript:0', 'ftp://orchard.example', 'orchard.example', 'http://', ''])
    expect(() => parseInviteLink(linkTo(url), NOW), url).toThrow(expect.objectContaining({ code: 'INVITE_INVALID' }))
})

it('H-29: who pastes a token in place of an invite is told so', () => {
  const token = 'hntoken://v1/a.b.c'
  expect(isLikeInvite(token)).toBe(true)
  expect(() => parseInviteLink(token, NOW)).toThrow(/capability token/)
})

it('H-29: an invite ends in the moment that it names', () => {
  expect(parseInviteLink(linkTo('http://127.0.0.1'), exp * 1000 - 1).networkId).toBe('orchard')
  expect(() => parseInviteLink(linkTo('http://127.0.0.1'), exp * 1000)).toThrow(
    expect.objectContaining({ code: 'INVITE_EXPIRED' }),
  )
})
