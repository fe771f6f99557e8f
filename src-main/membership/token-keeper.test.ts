import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { TOKEN_PREFIX } from './capability-token'
import { createTokenKeeper } from './token-keeper'

const clock = new FakeClock()
const grant = (membersOnly: boolean) => ({
  ...{ token: `${TOKEN_PREFIX}a.b.c`, expires_at_ms: clock.now() + 3_600_000, network_id: 'orchard' },
  ...{ keys: [{ kid: 'k', x: 'x'.repeat(43) }], members_only: membersOnly, revoked: [] },
})

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-keeper-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const keeperOf = (coordinatorUrl = 'https://orchard.example') =>
  createTokenKeeper({
    ...{ file: join(directory, 'membership.json'), coordinatorUrl, clock },
    log: createEventLog(clock, null),
  })

it('H-19: whose grant is taken back does not take the network for an open one, also after a start', async () => {
  const keeper = keeperOf()
  expect(keeper.membersOnly).toBe(false)
  keeper.accept(grant(true))
  keeper.accept(null)
  expect([keeper.membersOnly, keeper.token(), keeper.authority()]).toEqual([true, null, null])
  await keeper.settled()
  const again = keeperOf()
  await again.load()
  expect([again.membersOnly, again.token()]).toEqual([true, null])
  // What the coordinator says next holds.
  again.accept(grant(false))
  expect(again.membersOnly).toBe(false)
  await again.settled()
})

it('H-19: a token is shown for a minute after it ran out, as long as clocks may differ, and not longer', async () => {
  const keeper = keeperOf()
  keeper.accept(grant(true))
  await clock.advance(3_600_000 + 59_999)
  expect(keeper.token()).toMatch(/^hntoken:/)
  await clock.advance(1)
  expect(keeper.token()).toBeNull()
  await keeper.settled()
})

it('H-19: a grant of another shape takes nothing back, and what is the same is not written again', async () => {
  const keeper = keeperOf()
  const good = grant(true)
  keeper.accept(good)
  keeper.accept({ ...good, token: 'none of ours' })
  expect(keeper.token()).toBe(good.token)
  await keeper.settled()
  await rm(join(directory, 'membership.json'))
  keeper.accept({ ...good })
  await keeper.settled()
  expect(await readdir(directory)).not.toContain('membership.json')
})

it('H-19: what one coordinator said holds at no other', async () => {
  const keeper = keeperOf()
  keeper.accept(grant(true))
  await keeper.settled()
  const elsewhere = keeperOf('https://meadow.example')
  await elsewhere.load()
  expect([elsewhere.membersOnly, elsewhere.token()]).toEqual([false, null])
})
