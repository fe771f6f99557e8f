import type { Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { servingStatus } from '../../../e2e/support/status-fixtures'
import type { Light, LightId } from '../../../src-shared/app-view'
import { FakeClock } from '../../../test/fake-clock'
import type { Host } from '../../network/host'
import { containerKind, whyNoMulticast } from '../../network/multicast'
import { followLan } from '../../node/lan-discovery'
import { type ConnectivityFacts, readingsOf } from './readings'
import { createSteadyLight, type Reading } from './steady-light'
import { watchConnectivity } from './watch-connectivity'

const UP: Reading = { state: 'up', evidence: 'answers' }
const DOWN: Reading = { state: 'down', evidence: 'silent' }

describe('H-28: a light does not flap', () => {
  it('H-28: ten flaps a minute change it at most three times, and it says that the connection is unsteady', async () => {
    const clock = new FakeClock()
    const light = createSteadyLight('internet', clock)
    const seen: Light[] = [light.read(UP)]
    for (let second = 0; second < 60; second += 3) {
      await clock.advance(3_000)
      seen.push(light.read(second % 6 === 0 ? DOWN : UP))
    }
    const transitions = seen.filter(({ state }, index) => index > 0 && state !== seen[index - 1]?.state).length
    expect(transitions).toBeLessThanOrEqual(3)
    expect(transitions).toBeGreaterThan(0)
    expect(seen.at(-1)).toMatchObject({ state: 'down', isUnsteady: true })
  })

  it('H-28: it goes out at once, and comes back when the connection has held for half a minute', async () => {
    const clock = new FakeClock()
    const light = createSteadyLight('bootstrap', clock)
    expect(light.read(UP)).toMatchObject({ state: 'up', isUnsteady: false })
    await clock.advance(5_000)
    const out = light.read(DOWN)
    expect(out).toMatchObject({ state: 'down', since: clock.now() })
    await clock.advance(5_000)
    expect(light.read(UP)).toMatchObject({ state: 'down', evidence: expect.stringContaining('has to hold') })
    await clock.advance(29_000)
    expect(light.read(UP).state).toBe('down')
    await clock.advance(1_000)
    expect(light.read(UP)).toMatchObject({ state: 'up', since: clock.now() })
  })
})

const PUBLIC = '/ip4/93.184.216.34/tcp/31337/p2p/12D3KooWfar'
const NEAR = '/ip4/192.168.1.9/tcp/31337/p2p/12D3KooWnear'

function factsOf(change: Partial<ConnectivityFacts> = {}): ConnectivityFacts {
  const status = servingStatus(100_000)
  return {
    now: 100_000,
    interfaces: {
      lo: [{ address: '127.0.0.1', internal: true } as never],
      eth0: [{ address: '192.168.1.4', internal: false } as never],
    },
    status: { ...status, coordinatorUrl: 'https://orchard.example', coordinator: coordinatorAnswered(95_000) },
    links: [
      { peerId: '12D3KooWfar', address: PUBLIC, isBootstrap: true },
      { peerId: '12D3KooWnear', address: NEAR, isBootstrap: false },
    ],
    bootstraps: [PUBLIC],
    lanDiscovery: { kind: 'ready' },
    ...change,
  }
}

function coordinatorAnswered(answeredAt: number, dropAt: number | null = null) {
  const rest = { sweepSlackMs: 0, quantization: null, recommendedSplit: null, notices: [], timeline: [] }
  return { state: 'online', answeredAt, dropAt, ...rest }
}

const statesOf = (facts: ConnectivityFacts) =>
  Object.fromEntries(Object.entries(readingsOf(facts)).map(([id, { state }]) => [id, state])) as Record<LightId, string>

/** As a node follows it, after its first look. */
async function follow(why: string | null, container: string | null) {
  const host = { addEventListener: () => undefined, removeEventListener: () => undefined } as unknown as Host
  const lan = followLan({
    ...{ host, clock: new FakeClock(), log: { write: () => undefined } },
    whyNoMulticast: async () => why,
    containerKind: async () => container,
  })
  await vi.waitFor(() => expect(lan.state().kind).not.toBe('ready'))
  return lan
}

function fail(error: Error): never {
  throw error
}

/** A socket of a system that lets it fail where the test says; nothing that it sends comes back. */
function fakeSocket(faults: { bind?: Error; send?: Error }): Socket {
  const socket = Object.assign(new EventEmitter(), {
    bind(_port: number, bound: () => void) {
      if (faults.bind) socket.emit('error', faults.bind)
      else bound()
    },
    addMembership: () => undefined,
    setMulticastLoopback: () => undefined,
    setMulticastTTL: () => undefined,
    send: (_bytes: Buffer, _port: number, _group: string, sent: (error: Error | null) => void) =>
      sent(faults.send ?? null),
    close: () => void socket.emit('close'),
  })
  return socket as unknown as Socket
}

describe('H-28: each light for itself', () => {
  it('H-28: the internet is unplugged: what is near stays lit', () => {
    expect(statesOf(factsOf())).toMatchObject({ internet: 'up', lan: 'up', coordinator: 'up', bootstrap: 'up' })
    const unplugged = factsOf({
      links: [{ peerId: '12D3KooWnear', address: NEAR, isBootstrap: false }],
      status: { ...factsOf().status, coordinator: coordinatorAnswered(95_000, 130_000) },
    })
    expect(statesOf(unplugged)).toEqual({
      internet: 'down',
      lan: 'up',
      discovery: 'unknown',
      coordinator: 'down',
      bootstrap: 'down',
      relay: 'unknown',
    })
  })

  it('H-12: UDP is off: LAN discovery says so and why, and no other light changes', async () => {
    const clock = new FakeClock()
    const refused = Object.assign(new Error('socket EPERM'), { code: 'EPERM' })
    const sockets: [string, () => Socket][] = [
      ['socket EPERM', () => fail(refused)],
      ['bind EACCES', () => fakeSocket({ bind: new Error('bind EACCES') })],
      ['send ENETUNREACH', () => fakeSocket({ send: new Error('send ENETUNREACH') })],
      ['does not come back', () => fakeSocket({})],
    ]
    const before = readingsOf(factsOf())
    for (const [why, createSocket] of sockets) {
      const looking = whyNoMulticast({ clock, createSocket })
      await clock.advance(2_000)
      const lan = await follow(await looking, null)
      const { discovery, ...others } = readingsOf(factsOf({ lanDiscovery: lan.state() }))
      expect(discovery).toEqual({ state: 'down', evidence: expect.stringContaining(why) })
      expect(others).toEqual(Object.fromEntries(Object.entries(before).filter(([id]) => id !== 'discovery')))
      lan.stop()
    }
    expect(readingsOf(factsOf({ lanDiscovery: { kind: 'met', peerId: '12D3KooWnear' } })).discovery.state).toBe('up')
  })

  it('H-15: in a container without multicast, LAN discovery is unavailable here, and says what it needs', async () => {
    const root = await mkdtemp(join(tmpdir(), 'espalier-container-'))
    expect(await containerKind(`${root}/`)).toBeNull()
    await mkdir(join(root, 'proc/1'), { recursive: true })
    await writeFile(join(root, 'proc/1/cgroup'), '0::/kubepods/besteffort/pod1')
    expect(await containerKind(`${root}/`)).toBe('a Kubernetes pod')
    await writeFile(join(root, '.dockerenv'), '')
    const kind = await containerKind(`${root}/`)
    await rm(root, { recursive: true })
    const lan = await follow('addMembership ENODEV', kind)
    expect(readingsOf(factsOf({ lanDiscovery: lan.state() })).discovery).toEqual({
      state: 'down',
      evidence:
        'LAN discovery is unavailable here: addMembership ENODEV; this is a Docker container, which needs the host’s network for it',
    })
    lan.stop()
  })

  it('an old answer of the coordinator is none', () => {
    const status = { ...factsOf().status, coordinator: coordinatorAnswered(100_000 - 66_000) }
    expect(readingsOf(factsOf({ status })).coordinator).toEqual({
      state: 'down',
      evidence: 'its last answer came 66 s ago',
    })
  })

  it('what nobody asked is not known: no node, a network that is all here, no network at all', () => {
    expect(statesOf(factsOf({ links: null }))).toMatchObject({ internet: 'unknown', bootstrap: 'unknown', lan: 'up' })
    const local = factsOf({
      links: [{ peerId: '12D3KooWnear', address: '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWnear', isBootstrap: true }],
      bootstraps: ['/ip4/127.0.0.1/tcp/1/p2p/12D3KooWnear'],
      status: { ...factsOf().status, coordinatorUrl: 'http://127.0.0.1:8000' },
    })
    expect(statesOf(local)).toMatchObject({ internet: 'unknown', bootstrap: 'up' })
    expect(statesOf(factsOf({ interfaces: {} })).lan).toBe('down')
    expect(statesOf(factsOf({ status: { ...factsOf().status, coordinatorUrl: null } })).coordinator).toBe('unknown')
  })

  it('a relay counts while the connection to it is open', () => {
    const status = { ...factsOf().status, listenAddresses: ['/ip4/93.184.216.34/tcp/1/p2p/12D3KooWfar/p2p-circuit'] }
    expect(statesOf(factsOf({ status })).relay).toBe('up')
    expect(statesOf(factsOf({ status, links: [] })).relay).toBe('down')
  })

  it('tells only of news, every five seconds at most', async () => {
    const clock = new FakeClock()
    const told: Light[][] = []
    let facts = factsOf()
    const { dispose } = watchConnectivity({ clock, facts: () => facts, onLights: (lights) => void told.push(lights) })
    await clock.advance(60_000)
    expect(told).toHaveLength(1)
    facts = factsOf({ links: [] })
    await clock.advance(5_000)
    expect(told).toHaveLength(2)
    dispose()
    facts = factsOf({ interfaces: {} })
    await clock.advance(60_000)
    expect(told).toHaveLength(2)
  })
})
