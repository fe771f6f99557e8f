import { Socket } from 'node:net'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { callUnary } from '../hivemind/unary-client'
import { serveUnary } from '../hivemind/unary-server'
import { frameStream } from './framed-stream'
import type { Host } from './host'

const PROTOCOL = 'Test.rpc_echo'
const STREAM = '/test/stream/1'
const MESSAGE_BYTES = 48 * 1024
const hosts: Pick<Host, 'stop'>[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(hosts.splice(0).map(async (host) => host.stop()))
})

async function pair(): Promise<[Host, Host]> {
  const [a, b] = [await loopbackHost(), await loopbackHost()]
  hosts.push(a, b)
  await connect(a, b)
  return [a, b]
}

/** Calls of the system that the sockets of this process make, both ends. */
function countWrites(): () => number {
  // Absent from what Node says of sockets, which have it all the same.
  const prototype = Socket.prototype as Required<Pick<Socket, '_write' | '_writev'>>
  const one = vi.spyOn(prototype, '_write')
  const many = vi.spyOn(prototype, '_writev')
  return () => one.mock.calls.length + many.mock.calls.length
}

it('a call costs five writes at most at both ends together: one for each turn of the talk, none for window updates', async () => {
  const [a, b] = await pair()
  await serveUnary(b, PROTOCOL, (payload) => payload, { clock: systemClock })
  const call = () => callUnary(a, b.peerId, PROTOCOL, new Uint8Array(500), { signal: AbortSignal.timeout(10_000) })
  await call()
  const writes = countWrites()
  for (let i = 0; i < 50; i++) await call()
  // The library alone makes 28, without lean windows 8, without lean lines 17.
  expect(writes() / 50).toBeLessThan(6)
})

it.each(['ours', 'theirs'])(
  'more than a window passes whole, to a reader who pauses; sent by %s, to one of the other kind',
  async (sender) => {
    const ours = await loopbackHost()
    const theirs = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    })
    hosts.push(ours, theirs)
    const [from, to] = sender === 'ours' ? [ours, theirs] : [theirs, ours]
    const sent = pattern()
    const received: Uint8Array[] = []
    const end = Promise.withResolvers<void>()
    await to.handle(STREAM, (stream) => {
      const frames = frameStream(stream, MESSAGE_BYTES)
      const read = async () => {
        for (let next = await frames.read(); next !== null; next = await frames.read()) {
          received.push(next)
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      }
      read().then(end.resolve, end.reject)
    })
    const frames = frameStream(await from.dialProtocol(to.getMultiaddrs(), STREAM), MESSAGE_BYTES)
    for (let at = 0; at < sent.length; at += MESSAGE_BYTES) await frames.write(sent.subarray(at, at + MESSAGE_BYTES))
    await frames.close()
    await end.promise
    expect(Buffer.compare(Buffer.concat(received), sent)).toBe(0)
  },
)

/** Eight windows, no two messages alike. */
function pattern(): Uint8Array {
  const words = new Uint32Array((8 * 256 * 1024) / 4)
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2_654_435_761)
  return new Uint8Array(words.buffer)
}
