import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stream } from '@libp2p/interface'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import type { EspalierError } from '../../src-shared/errors'
import { connect, loopbackHost } from '../../test/loopback-host'
import { dialBootstraps, keepBootstrapsConnected } from './bootstrap'
import { findAddresses, routingReady } from './find-peer'
import { type FramedStream, frameStream } from './framed-stream'
import type { Host } from './host'
import { loadOrCreateIdentity } from './identity'
import { groupByPeer, parsePeerAddresses } from './peer-addresses'

const releases: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function start(options?: Parameters<typeof loopbackHost>[0]): Promise<Host> {
  const host = await loopbackHost(options)
  releases.push(() => host.stop())
  return host
}

describe('identity', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'espalier-identity-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('is made once, readable by its user only, and the same ever after', async () => {
    const path = join(directory, 'identity.key')
    const first = await loadOrCreateIdentity(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await loadOrCreateIdentity(path)).publicKey.equals(first.publicKey)).toBe(true)
  })

  it('is never replaced when it can’t be read (D-T11)', async () => {
    const path = join(directory, 'damaged.key')
    await writeFile(path, 'rubbish')
    await expect(loadOrCreateIdentity(path)).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' })
    expect(await readFile(path, 'utf8')).toBe('rubbish')
  })
})

describe('bootstraps', () => {
  it('X-01, M-31: are all dialled; one that answers is enough, and each failure has its own cause', async () => {
    const alive = await start()
    const gone = await loopbackHost()
    const goneAddress = gone.getMultiaddrs()[0]!.toString()
    await gone.stop()
    const node = await start()
    const { valid } = parsePeerAddresses([goneAddress, alive.getMultiaddrs()[0]!.toString()])
    const [failed, answered] = await dialBootstraps(node, groupByPeer(valid), systemClock)
    expect(failed).toMatchObject({
      roundTripMs: null,
      error: { code: 'PEER_UNREACHABLE', cause: expect.stringContaining(goneAddress) },
    })
    expect(answered).toMatchObject({ error: null, roundTripMs: expect.any(Number) })
  })

  it('are dialled at every address that they have', async () => {
    const alive = await start()
    const address = alive.getMultiaddrs()[0]!.toString()
    const elsewhere = `/ip4/127.0.0.1/tcp/1/p2p/${alive.peerId}`
    for (const entries of [
      [address, elsewhere],
      [elsewhere, address],
    ]) {
      const outcomes = await dialBootstraps(await start(), groupByPeer(parsePeerAddresses(entries).valid), systemClock)
      expect(outcomes).toMatchObject([{ error: null, address, roundTripMs: expect.any(Number) }])
    }
  })

  it('are dialled again for as long as they are missing (M-15)', async () => {
    const late = await loopbackHost()
    const address = late.getMultiaddrs()[0]!.toString()
    const key = late.peerId
    await late.stop()
    const node = await start()
    const { valid } = parsePeerAddresses([address])
    let attempts = 0
    const stop = keepBootstrapsConnected(
      node,
      () => groupByPeer(valid),
      systemClock,
      () => void attempts++,
    )
    releases.push(stop)
    await expect.poll(() => attempts, { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
    expect(node.getConnections(key)).toEqual([])
  })

  it('parses entries one by one (C-39, X-10)', async () => {
    const host = await start()
    const good = host.getMultiaddrs()[0]!.toString()
    const { valid, invalid } = parsePeerAddresses([
      '',
      'http://x',
      '/ip4/1.2.3.4/tcp/1',
      '/ip4/1.2.3.4/tcp/1/p2p/QmBootstrap',
      good,
      `${'/x'.repeat(500)}`,
    ])
    expect(valid.map(({ multiaddr }) => multiaddr.toString())).toEqual([good])
    expect(invalid).toHaveLength(5)
    expect(invalid.every(({ report }) => report.code === 'MULTIADDR_INVALID')).toBe(true)
  })
})

describe('confinement', () => {
  it('a local host dials nothing that is not on this computer (C-40)', async () => {
    const host = await start()
    const { valid } = parsePeerAddresses([`/ip4/192.0.2.1/tcp/4001/p2p/${(await start()).peerId}`])
    const [outcome] = await dialBootstraps(host, groupByPeer(valid), systemClock)
    expect(outcome?.error?.cause).toMatch(/denied|gater|valid addresses/i)
  })
})

describe('peer routing', () => {
  it('finds a peer’s addresses through a third one, from an empty peer store', async () => {
    const [bootstrap, subject, stranger] = [await start(), await start(), await start({ listens: false })]
    await connect(subject, bootstrap)
    await connect(stranger, bootstrap)
    await routingReady(stranger, AbortSignal.timeout(10_000))
    const addresses = await findAddresses(stranger, subject.peerId, systemClock, AbortSignal.timeout(10_000))
    expect(subject.getMultiaddrs().map(String)).toContain(String(addresses[0]))
  })
})

describe('framed streams', () => {
  const PROTOCOL = '/test/frames/1'

  async function pair(onStream: (framed: FramedStream) => unknown, limit = 1 << 20): Promise<FramedStream> {
    const [server, client] = [await start(), await start({ listens: false })]
    await server.handle(PROTOCOL, (stream) => void onStream(frameStream(stream, limit)))
    await connect(client, server)
    return frameStream(await client.dialProtocol(server.peerId, PROTOCOL), limit)
  }

  it('keep boundaries and order, for empty, small and large messages', async () => {
    const framed = await pair(async (remote) => {
      for (let message = await remote.read(); message; message = await remote.read()) await remote.write(message)
    })
    const sizes = [0, 1, 4096, 70_000, 1 << 20]
    for (const size of sizes) await framed.write(new Uint8Array(size).fill(size % 251))
    for (const size of sizes) {
      const message = await framed.read()
      expect(message?.length).toBe(size)
      expect(message?.every((byte) => byte === size % 251)).toBe(true)
    }
  })

  it('let a fast writer wait for a slow reader instead of losing the connection', async () => {
    const count = 1_500
    const sizeBytes = 16_384
    let received = 0
    const done = Promise.withResolvers<void>()
    const framed = await pair(async (remote) => {
      for (let message = await remote.read(); message; message = await remote.read()) {
        expect(new DataView(message.buffer, message.byteOffset).getUint32(0)).toBe(received)
        if (++received % 100 === 0) await systemClock.sleep(20)
        if (received === count) done.resolve()
      }
    })
    for (let i = 0; i < count; i++) {
      const message = new Uint8Array(sizeBytes)
      new DataView(message.buffer).setUint32(0, i)
      await framed.write(message)
    }
    await done.promise
    expect(received).toBe(count)
  })

  it('carry messages far larger than what may wait, one after the other, both ways', async () => {
    const framed = await pair(async (remote) => {
      for (let message = await remote.read(); message; message = await remote.read()) await remote.write(message)
    }, 18 << 20)
    const sizes = [2 << 20, 17 << 20, 3 << 20, 5, 8 << 20, 2 << 20, 2 << 20]
    const echoed = (async () => {
      const lengths: (number | undefined)[] = []
      for (const _ of sizes) lengths.push((await framed.read())?.length)
      return lengths
    })()
    for (const size of sizes) await framed.write(new Uint8Array(size))
    expect(await echoed).toEqual(sizes)
  })

  it('end in order with null, and with an error when cut inside a message', async () => {
    const orderly = Promise.withResolvers<unknown>()
    const first = await pair((remote) => remote.read().then(orderly.resolve, orderly.reject))
    await first.close()
    expect(await orderly.promise).toBeNull()
    const cut = Promise.withResolvers<unknown>()
    const second = await pair((remote) => remote.read().then(cut.resolve, cut.reject))
    second.abort(new Error('cut'))
    await expect(cut.promise).rejects.toThrow()
  })

  it('O-05: are ended when too much waits for one who does not read, and cost nothing more for each that waits', async () => {
    const [server, client] = [await start(), await start({ listens: false })]
    const limits = { bytes: 1 << 20, messages: 100 }
    const accepted = Promise.withResolvers<Stream>()
    await server.handle(PROTOCOL, (stream) => accepted.resolve(stream))
    await connect(client, server)
    const deaf = await client.dialProtocol(server.peerId, PROTOCOL)
    deaf.send(new Uint8Array(4))
    const stream = await accepted.promise
    const framed = frameStream(stream, 1 << 20, limits)
    const hung = vi.spyOn(stream, 'addEventListener')
    const writes: Promise<unknown>[] = []
    while (!framed.closed && writes.length < 5_000)
      writes.push(framed.write(new Uint8Array(1_000)).catch((error: unknown) => error))
    const outcomes = await Promise.all(writes)
    const waited = outcomes.filter((outcome) => outcome !== undefined)
    // The one that was too much, and those before it that were not sent.
    expect(waited.length).toBeGreaterThan(limits.messages)
    expect(waited.length).toBeLessThan(limits.messages + 10)
    expect(new Set(waited.map((error) => (error as EspalierError).code))).toEqual(new Set(['PEER_UNREACHABLE']))
    expect(hung).not.toHaveBeenCalled()
    expect(stream.writeBufferLength).toBe(0)
  })

  it('refuse a message over the limit and end the stream', async () => {
    const refused = Promise.withResolvers<unknown>()
    const framed = await pair((remote) => remote.read().then(refused.resolve, refused.reject), 1000)
    await framed.write(new Uint8Array(1001)).catch(() => undefined)
    await expect(refused.promise).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })
})
