import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createCoordinatorLink } from './coordinator-link'
import type { WorkerRegistration } from './coordinator-wire'
import type { LinkEvent } from './link-events'
import type { LinkMemory } from './link-memory'
import { createSimulatedCoordinator } from './testing/simulated-coordinator'

const OTHER: Record<string, unknown> = { x_network_id: 'network-2' }

/** A node that has been approved (unless `refuse` says no at once), and whatever answers at its coordinator's address. */
async function start(options: { refuse?: () => EspalierError; invitedTo?: string } = {}) {
  const clock = new FakeClock()
  const here = { health: { x_network_id: 'network-1' } as Record<string, unknown>, refuse: options.refuse ?? null }
  const asked: WorkerRegistration[] = []
  const coordinator = createSimulatedCoordinator({
    clock,
    knowsSeq: true,
    fate: () => 'arrives',
    health: () => here.health,
    onRegister(body) {
      asked.push(body)
      if (here.refuse) throw here.refuse()
    },
  })
  const events: LinkEvent[] = []
  let memory: LinkMemory | null = null
  const newLink = () =>
    createCoordinatorLink({
      api: coordinator.api,
      clock,
      store: {
        load: async () => memory,
        save: async (next) => {
          memory = next
        },
      },
      registration: () => ({
        ...{ worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 },
        x_invite: 'signed',
      }),
      ...(options.invitedTo === undefined ? {} : { invitedTo: options.invitedTo }),
      heartbeatIntervalMs: 30_000,
      onEvent: (event) => events.push(event),
      random: () => 0,
    })
  const link = newLink()
  await link.start()
  const run = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 1_000) await clock.advance(1_000)
  }
  await run(1_000)
  const failures = () => events.flatMap((event) => (event.type === 'register-failed' ? [event] : []))
  return { asked, clock, coordinator, events, failures, here, link, newLink, run }
}

describe('a node that was in', () => {
  it.each(['DEMO_CONFINED', 'WORKER_ID_TAKEN'] as const)(
    'C-34: comes back after a coordinator that says %s was at the address for a while',
    async (code) => {
      const { coordinator, failures, here, link, run } = await start()
      expect(link.state().name).toBe('approved_loading')
      coordinator.forget()
      here.refuse = () => new EspalierError(code)
      await run(120_000)
      expect(failures().length).toBeGreaterThan(2)
      expect(failures().every(({ retryAt }) => retryAt !== null)).toBe(true)
      here.refuse = null
      await run(31_000)
      expect(link.state().name).toBe('approved_loading')
      expect(coordinator.seen.registrations).toBe(2)
    },
  )

  it('C-34: asks without its invite once that is refused', async () => {
    const { asked, coordinator, here, run } = await start()
    coordinator.forget()
    here.refuse = () => new EspalierError('INVITE_INVALID')
    await run(31_000)
    here.refuse = null
    await run(31_000)
    expect(coordinator.seen.registrations).toBe(2)
    expect(asked.at(0)?.x_invite).toBe('signed')
    expect(asked.at(-1)).not.toHaveProperty('x_invite')
  })

  it('C-34: joins another network at the address only when a person says so', async () => {
    const { asked, coordinator, events, failures, here, link, run } = await start()
    coordinator.forget()
    here.health = OTHER
    await run(120_000)
    expect(asked).toHaveLength(1)
    expect(failures().at(-1)).toMatchObject({ report: { code: 'NETWORK_REPLACED' }, retryAt: expect.any(Number) })
    expect(events.filter(({ type }) => type === 'other-network')).toEqual([
      { type: 'other-network', known: 'network-1', found: 'network-2' },
    ])
    expect(link.state()).toMatchObject({ name: 'registering', assignment: { model: 'M' } })
    link.reapply()
    await run(2_000)
    expect(asked).toHaveLength(2)
    expect(link.state().name).toBe('approved_loading')
  })

  it('C-34: asks no person when the right network is back, nor where the invite is for the new one', async () => {
    const test = await start({ invitedTo: 'network-3' })
    test.coordinator.forget()
    test.here.health = OTHER
    await test.run(60_000)
    test.here.health = { x_network_id: 'network-1' }
    await test.run(31_000)
    expect(test.asked).toHaveLength(2)
    test.coordinator.forget()
    test.here.health = { x_network_id: 'network-3' }
    await test.run(31_000)
    expect(test.asked).toHaveLength(3)
  })

  it('C-34: still knows its network after a restart, also where the other one names none', async () => {
    const { asked, here, link, newLink, failures, run } = await start()
    await link.stop()
    here.health = {}
    const again = newLink()
    await again.start()
    await run(60_000)
    expect(failures().at(-1)?.report.code).toBe('NETWORK_REPLACED')
    expect(asked).toHaveLength(1)
    await again.stop()
  })
})

it('C-34: for a node that was never in, a refusal is final', async () => {
  const { asked, failures, run } = await start({ refuse: () => new EspalierError('INVITE_EXPIRED') })
  await run(300_000)
  expect(asked).toHaveLength(1)
  expect(failures()).toMatchObject([{ retryAt: null }])
})
