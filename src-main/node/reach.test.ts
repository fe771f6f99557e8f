import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { createEventLog } from '../storage/event-log'
import type { BootstrapBook } from './join-network'
import { createReach } from './reach'

function start(listens: boolean, profile: NetworkProfile = PROFILES.espalier) {
  const clock = new FakeClock()
  const modes: string[] = []
  const setMode = (where: string) => async (mode: string) => void modes.push(`${where} ${mode}`)
  const host = { getMultiaddrs: () => [], services: { dht: { setMode: setMode('kad') } } } as unknown as Host
  const dht = { setMode: setMode('hivemind') } as unknown as HivemindDht
  const book = { peers: () => [] } as unknown as BootstrapBook
  const log = createEventLog(clock, null)
  const reach = createReach({ host, dht, book, profile, listens, clock, log })
  return { reach, modes, clock }
}

it('a node that nobody could dial for two minutes serves no DHT and looks for relays, until one dials it again', async () => {
  const { reach, modes, clock } = start(true)
  for (const found of [true, false, null, true, false]) {
    reach.dialled(found)
    await clock.advance(60_000)
  }
  reach.dialled(false)
  expect([reach.isDialable, modes]).toEqual([true, []])
  await clock.advance(60_000)
  reach.dialled(false)
  expect([reach.isDialable, modes]).toEqual([false, ['hivemind client', 'kad client']])
  expect(clock.pending).toBe(1)
  reach.dialled(true)
  expect([reach.isDialable, modes.slice(2)]).toEqual([true, ['hivemind server', 'kad server']])
  expect(clock.pending).toBe(0)
})

it('on one computer, where no router is in between, a node that listens stays what it is', async () => {
  const { reach, modes, clock } = start(true, PROFILES.local)
  for (let look = 0; look < 10; look++) {
    reach.dialled(false)
    await clock.advance(60_000)
  }
  expect([reach.isDialable, modes]).toEqual([true, []])
})

it('a node without a port looks for relays at once, and a stop ends it', () => {
  const { reach, clock } = start(false)
  expect([reach.isDialable, clock.pending]).toEqual([false, 1])
  reach.stop()
  expect(clock.pending).toBe(0)
})
