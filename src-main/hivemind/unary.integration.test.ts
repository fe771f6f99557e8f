import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { connect, loopbackHost } from '../../test/loopback-host'
import type { Host } from '../network/host'
import { decodeCall, encodeCall, encodeReply } from './envelope'
import { peerToBytes } from './peer-bytes'
import { callUnary } from './unary-client'
import { serveUnary, type UnaryCaller } from './unary-server'

const PROTOCOL = 'Test.rpc_echo'
const callId = new Uint8Array(16).fill(7)
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const utf8 = (value: string) => new TextEncoder().encode(value)
const within = (limitMs = 10_000) => ({ signal: AbortSignal.timeout(limitMs) })
const coded = (code: string) => expect.objectContaining({ code })

let a: Host
let b: Host
beforeEach(async () => {
  a = await loopbackHost()
  b = await loopbackHost()
  await connect(a, b)
})
afterEach(async () => {
  await Promise.all([a.stop(), b.stop()])
})

/** Waits until `check` holds; the limit is only there to end a failing test. */
async function until(check: () => boolean): Promise<void> {
  const endsAt = Date.now() + 20_000
  while (!check()) {
    if (Date.now() > endsAt) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const openStreams = (host: Host) =>
  host.getConnections().flatMap((connection) => connection.streams.filter((stream) => stream.protocol === PROTOCOL))

describe('our client and our server', () => {
  const serve = (handler: (payload: Uint8Array, caller: UnaryCaller) => Uint8Array | Promise<Uint8Array>) =>
    serveUnary(b, PROTOCOL, handler, { clock: systemClock })

  test('answer small, empty and large payloads, and leave no stream behind', async () => {
    await serve((payload) => payload)
    for (const sizeBytes of [0, 1, 127, 128, 20_000, 4 * 1024 * 1024 - 512]) {
      const payload = new Uint8Array(sizeBytes).fill(sizeBytes % 251)
      expect(Buffer.compare(await callUnary(a, b.peerId, PROTOCOL, payload, within()), payload)).toBe(0)
    }
    await until(() => openStreams(a).length === 0 && openStreams(b).length === 0)
  })

  test('the caller is who the connection proved, not who the message names', async () => {
    let seen = ''
    await serve((payload, caller) => {
      seen = caller.peer.toString()
      return payload
    })
    await callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())
    expect(seen).toBe(a.peerId.toString())
  })

  test('more than 4 MiB is refused before it is sent, and an answer of more than 4 MiB becomes an error', async () => {
    await serve(() => new Uint8Array(4 * 1024 * 1024))
    await expect(callUnary(a, b.peerId, PROTOCOL, new Uint8Array(4 * 1024 * 1024), within())).rejects.toEqual(
      coded('BAD_ARGUMENT'),
    )
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toThrow()
  })

  test('an error of ours reaches the caller in words, any other only as INTERNAL', async () => {
    await serve((payload) => {
      if (text(payload) === 'ours') throw new EspalierError('BAD_ARGUMENT', 'that is no key')
      throw new Error('/secret/path')
    })
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('ours'), within())).rejects.toEqual(coded('REMOTE_ERROR'))
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('ours'), within())).rejects.toThrow('that is no key')
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.not.toThrow('secret')
  })

  test('a hundred calls at once', async () => {
    await serve(async (payload) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return payload
    })
    // A connection that is milliseconds old takes no burst: its muxer allows ten streams before it is set up.
    await callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())
    const numbers = Array.from({ length: 100 }, (_, index) => `${index}`)
    const calls = numbers.map((number) => callUnary(a, b.peerId, PROTOCOL, utf8(number), within()))
    expect((await Promise.all(calls)).map(text)).toEqual(numbers)
  })

  test('a caller that gives up aborts the handler', async () => {
    let aborted = false
    const started = Promise.withResolvers<void>()
    await serve(async (payload, { signal }) => {
      started.resolve()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      aborted = true
      return payload
    })
    const giveUp = new AbortController()
    const call = callUnary(a, b.peerId, PROTOCOL, utf8('x'), { signal: giveUp.signal })
    await started.promise
    giveUp.abort(new Error('enough'))
    await expect(call).rejects.toEqual(coded('CANCELLED'))
    await until(() => aborted)
  })

  test('no answer in time is TIMED_OUT', async () => {
    await serve(() => new Promise(() => undefined))
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within(200))).rejects.toEqual(coded('TIMED_OUT'))
  })

  test('a peer that does not speak it, and a peer that is gone', async () => {
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toEqual(coded('PROTOCOL_UNSUPPORTED'))
    await b.stop()
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toEqual(coded('PEER_UNREACHABLE'))
  })

  test('stops serving', async () => {
    const end = await serve((payload) => payload)
    await callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())
    await end()
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toThrow()
  })
})

describe('our client at a server as strict as the reference daemon', () => {
  /**
   * Reads exactly one frame, requires every field, and from then on takes an end of stream or any further byte as
   * a cancellation: it then closes without an answer.
   */
  async function strictServer(answer: (stream: Stream) => Promise<void>): Promise<{ cancelled: () => number }> {
    let cancelled = 0
    await b.handle(PROTOCOL, async (stream) => {
      let received = 0
      stream.addEventListener('message', (event) => {
        received += event.data.byteLength
      })
      const lp = lpStream(stream, { maxDataLength: 4 * 1024 * 1024 })
      const frame = (await lp.read()).subarray()
      const call = decodeCall(frame)
      const isForUs = Buffer.compare(call.peer, peerToBytes(b.peerId)) === 0
      if (!isForUs || call.protocol !== PROTOCOL) throw new Error('not for us')
      const expected = frame.length + (frame.length < 128 ? 1 : 2)
      // Long enough for an early goodbye to arrive.
      await new Promise((resolve) => setTimeout(resolve, 150))
      if (received > expected || stream.remoteWriteStatus !== 'writable') {
        cancelled++
        await stream.close()
        return
      }
      await answer(stream)
    })
    return { cancelled: () => cancelled }
  }

  test('is answered, also with an empty reply to an empty request', async () => {
    const server = await strictServer(async (stream) => {
      await lpStream(stream).write(encodeReply({ callId, payload: new Uint8Array(0) }))
      await stream.close()
    })
    expect(await callUnary(a, b.peerId, PROTOCOL, new Uint8Array(0), within())).toHaveLength(0)
    expect(server.cancelled()).toBe(0)
  })

  test('the strict server does notice an early goodbye', async () => {
    const server = await strictServer((stream) => stream.close())
    const stream = await a.dialProtocol(b.peerId, PROTOCOL)
    await lpStream(stream).write(
      encodeCall({ callId, peer: peerToBytes(b.peerId), protocol: PROTOCOL, payload: new Uint8Array(0) }),
    )
    await stream.close()
    await until(() => server.cancelled() === 1)
  })

  test('closing without an answer is PEER_UNREACHABLE', async () => {
    await strictServer((stream) => stream.close())
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toEqual(coded('PEER_UNREACHABLE'))
  })

  test.each<[string, Uint8Array]>([
    ['garbage', Uint8Array.of(3, 0xff, 0xff, 0xff)],
    ['a length beyond the limit', Uint8Array.of(0xff, 0xff, 0xff, 0x7f)],
    ['a length without an end', new Uint8Array(20).fill(0xff)],
  ])('%s is PROTOCOL_VIOLATION', async (_name, bytes) => {
    await strictServer(async (stream) => {
      stream.send(bytes)
    })
    await expect(callUnary(a, b.peerId, PROTOCOL, utf8('x'), within())).rejects.toEqual(coded('PROTOCOL_VIOLATION'))
  })

  test('control characters of an error text do not pass', async () => {
    await strictServer(async (stream) => {
      await lpStream(stream).write(encodeReply({ callId, errorText: 'red \u001b[31m\nline' }))
    })
    const failure = await callUnary(a, b.peerId, PROTOCOL, utf8('x'), within()).catch((error: Error) => error.message)
    expect(failure).toContain('red')
    expect(failure).not.toMatch(/\p{C}/u)
  })
})

describe('our server and callers that misbehave', () => {
  const request = () => encodeCall({ callId, peer: peerToBytes(b.peerId), protocol: PROTOCOL, payload: utf8('x') })

  async function serveSlowly(): Promise<{ aborted: () => number; handled: () => number }> {
    let aborted = 0
    let handled = 0
    await serveUnary(
      b,
      PROTOCOL,
      async (payload, { signal }) => {
        handled++
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          signal.addEventListener('abort', () => resolve())
          setTimeout(resolve, 500)
        })
        if (signal.aborted) aborted++
        return payload
      },
      { clock: systemClock, ioTimeoutMs: 300 },
    )
    return { aborted: () => aborted, handled: () => handled }
  }

  test.each<[string, (stream: Stream) => unknown]>([
    ['an end of stream', (stream) => stream.close()],
    ['one more byte', (stream) => stream.send(Uint8Array.of(0))],
    ['a reset', (stream) => stream.abort(new Error('reset'))],
  ])('%s before the reply cancels', async (_name, goodbye) => {
    const server = await serveSlowly()
    const stream = await a.dialProtocol(b.peerId, PROTOCOL)
    let received = 0
    stream.addEventListener('message', (event) => {
      received += event.data.byteLength
    })
    await lpStream(stream).write(request())
    await until(() => server.handled() === 1)
    await goodbye(stream)
    await until(() => server.aborted() === 1)
    await until(() => openStreams(b).length === 0)
    expect(received).toBe(0)
  })

  test('one more byte in the same packet cancels, too', async () => {
    const server = await serveSlowly()
    const stream = await a.dialProtocol(b.peerId, PROTOCOL)
    const frame = request()
    stream.send(Uint8Array.of(frame.length, ...frame, 0))
    await until(() => server.handled() === 1 && server.aborted() === 1)
  })

  test.each<[string, Uint8Array]>([
    ['silence', new Uint8Array(0)],
    ['half a frame', Uint8Array.of(100, 1, 2, 3)],
    ['an endless length', new Uint8Array(30).fill(0xff)],
    ['a huge length', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
    ['garbage', Uint8Array.of(4, 0xff, 0xff, 0xff, 0xff)],
  ])('%s ends without reaching the handler', async (_name, bytes) => {
    const server = await serveSlowly()
    const stream = await a.dialProtocol(b.peerId, PROTOCOL)
    if (bytes.length > 0) stream.send(bytes)
    await until(() => stream.status !== 'open')
    expect(server.handled()).toBe(0)
  })
})
