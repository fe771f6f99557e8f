import { expect, it, vi } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEntrance } from './entrance'

const claims = { iss: 'a', aud: 'network-1', jti: 'invite-0001', exp: 2 ** 39 }
const signed = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
const linkTo = (url: string) => `espalier://invite?${new URLSearchParams({ url, invite: signed })}`

function open() {
  const choose = vi.fn(async () => undefined)
  const change = vi.fn()
  const entrance = createEntrance({
    clock: new FakeClock(),
    current: { choose } as never,
    bounds: { checkChoice: () => undefined } as never,
    view: { change } as never,
  })
  return { entrance, choose, change }
}

it('an invite to a coordinator on the local network is shown, and joined only when it may be unencrypted', async () => {
  const { entrance, choose, change } = open()
  const url = 'http://192.168.1.5:8000'
  entrance.offerInvite(linkTo(url))
  expect(change).toHaveBeenLastCalledWith({
    invite: expect.objectContaining({ coordinatorUrl: url, isInsecure: true }),
  })
  const answer = entrance.handlers['app.answerInvite']
  await expect(answer({ accept: true })).rejects.toMatchObject({ code: 'COORDINATOR_INSECURE' })
  expect(choose).not.toHaveBeenCalled()
  // Still offered: it has let nobody in.
  await answer({ accept: true, insecure: true })
  expect(choose).toHaveBeenCalledWith({ kind: 'coordinator', url, insecure: true }, signed)
})

it.each(['https://orchard.example', 'http://127.0.0.1:8000'])('an invite to %s asks for no consent', async (url) => {
  const { entrance, choose, change } = open()
  entrance.offerInvite(linkTo(url))
  expect(change).toHaveBeenLastCalledWith({ invite: expect.objectContaining({ isInsecure: false }) })
  await entrance.handlers['app.answerInvite']({ accept: true })
  expect(choose).toHaveBeenCalledWith({ kind: 'coordinator', url }, signed)
})
