import { afterEach, expect, it } from 'vitest'
import { connect, loopbackHost } from '../../test/loopback-host'
import { routingReady } from './find-peer'
import type { Host } from './host'

const hosts: Host[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()))
})

async function start(): Promise<Host> {
  const host = await loopbackHost()
  hosts.push(host)
  return host
}

async function closest(host: Host): Promise<string[]> {
  const { routingTable } = host.services.dht as {
    routingTable?: { closestPeers?(key: Uint8Array): { toString(): string }[] }
  }
  return (routingTable?.closestPeers?.(new Uint8Array(32)) ?? []).map(String)
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect.unreachable('nothing changed within 10 s')
}

it('a peer that has left is taken out of the routing table; one that only hung up stays', async () => {
  const [self, stays, leaves] = [await start(), await start(), await start()]
  for (const other of [stays, leaves]) {
    await connect(self, other)
    await routingReady(self, AbortSignal.timeout(10_000))
  }
  await until(async () => (await closest(self)).length === 2)
  await leaves.stop()
  for (const connection of self.getConnections(stays.peerId)) await connection.close()
  await until(async () => (await closest(self)).length === 1)
  expect(await closest(self)).toEqual([stays.peerId.toString()])
  // It was dialled to see whether it is still there.
  await until(async () => self.getConnections(stays.peerId).length > 0)
})
