import { readFileSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { callUnary } from '../../src-main/hivemind/unary-client'
import { serveUnary } from '../../src-main/hivemind/unary-server'
import type { Host } from '../../src-main/network/host'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'

const PROTOCOL = 'Test.rpc_length'
const CALLS = 12
const BYTES = 1_000_000

const hosts: Host[] = []
afterAll(() => Promise.all(hosts.map((host) => host.stop())))

/** What this process has written, to sockets as to anything else. */
const writtenBytes = () => Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])

it.skipIf(process.platform !== 'linux')(
  'O-16: the bytes of peers are within a tenth of what the system counts (looks into /proc)',
  async () => {
    const [a, b] = [await loopbackHost(), await loopbackHost()]
    hosts.push(a, b)
    await serveUnary(b, PROTOCOL, (payload) => Uint8Array.of(payload.length % 256), { clock: systemClock })
    await connect(a, b)
    const before = { written: writtenBytes(), a: a.services.traffic.figures(), b: b.services.traffic.figures() }
    for (let i = 0; i < CALLS; i++) {
      await callUnary(a, b.peerId, PROTOCOL, new Uint8Array(BYTES), { signal: AbortSignal.timeout(30_000) })
    }
    const [fromA, fromB] = [a.services.traffic.figures(), b.services.traffic.figures()]
    const sent = fromA.sentBytes - before.a.sentBytes + fromB.sentBytes - before.b.sentBytes
    const written = writtenBytes() - before.written
    expect(sent / written).toBeGreaterThan(0.9)
    expect(sent / written).toBeLessThan(1.1)
    // What one sends the other receives.
    expect((fromB.receivedBytes - before.b.receivedBytes) / (fromA.sentBytes - before.a.sentBytes)).toBeCloseTo(1, 2)
    expect(fromA.sentBytes - before.a.sentBytes).toBeGreaterThan(CALLS * BYTES)
  },
)
