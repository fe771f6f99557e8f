import { Agent, createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { generate } from 'selfsigned'
import { expect, it, onTestFinished } from 'vitest'
import { createRangeClient } from '../../src-main/shards/sources/http-range'
import { createWayOut, type WayOut } from '../../src-main/web/way-out'
import { systemClock } from '../../src-shared/clock'
import { seededRandom } from '../models/random'

const MIB = 2 ** 20
const REQUESTS = 4
const REQUEST_BYTES = 48 * MIB
const TOTAL_BYTES = REQUESTS * REQUEST_BYTES
/** Every byte of the file is its place's; an odd length, so that nothing falls on a boundary. */
const PATTERN = Buffer.from(Uint8Array.from({ length: 65_521 }, (_, index) => (index * 31) % 251))

const at = (offset: number) => PATTERN.subarray(offset % PATTERN.length)

/** With a length, or in chunks of HTTP's own, as a server may choose. */
const answer =
  (isChunked: boolean): RequestListener =>
  async (request, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!
    const [start, end] = [Number(from), Number(to) + 1]
    response.writeHead(206, {
      'content-range': `bytes ${start}-${end - 1}/${TOTAL_BYTES}`,
      ...(!isChunked && { 'content-length': end - start }),
    })
    for (let offset = start; offset < end; ) {
      const part = at(offset).subarray(0, end - offset)
      offset += part.byteLength
      if (!response.write(part)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  }

async function serve(isSecure: boolean, isChunked: boolean) {
  const way = createWayOut({})
  const pems = isSecure ? await generate([{ name: 'commonName', value: 'localhost' }]) : null
  if (pems) way.configure({ proxyUrl: null, certificates: [pems.cert] })
  const server = pems
    ? createSecureServer({ key: pems.private, cert: pems.cert }, answer(isChunked))
    : createServer(answer(isChunked))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: new URL(`${isSecure ? 'https' : 'http'}://localhost:${port}/model.gguf`), way }
}

it.each([
  { what: 'HTTP', isSecure: false, isChunked: false },
  { what: 'HTTP in chunks', isSecure: false, isChunked: true },
  { what: 'HTTPS', isSecure: true, isChunked: false },
])(
  'S-22: $what: what was taken is given back at once, and no byte changes on its way to a slow taker',
  async ({ isSecure, isChunked }) => {
    const { url, way } = await serve(isSecure, isChunked)
    const client = createRangeClient({ allowPrivate: true, way })
    onTestFinished(() => client.close())
    const before = process.memoryUsage().arrayBuffers
    let [offset, parts, highest, isSame] = [0, 0, 0, true]
    const compare = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.byteLength; ) {
        const expected = at(offset).subarray(0, bytes.byteLength - done)
        isSame &&= expected.equals(bytes.subarray(done, done + expected.byteLength))
        done += expected.byteLength
        offset += expected.byteLength
      }
    }
    for (let request = 0; request < REQUESTS; request++) {
      const range = { offset, sizeBytes: REQUEST_BYTES, totalBytes: TOTAL_BYTES }
      const sink = (bytes: Uint8Array): Promise<void> | undefined => {
        highest = Math.max(highest, process.memoryUsage().arrayBuffers - before)
        parts++
        if (parts % 16 !== 0) return void compare(bytes)
        // As a full disk queue would: more comes meanwhile, and waits.
        return setImmediate().then(() => compare(bytes))
      }
      await client.read(url, range, sink, new AbortController().signal)
    }
    expect(isSame).toBe(true)
    expect(offset).toBe(TOTAL_BYTES)
    expect(highest).toBeLessThan(8 * MIB)
  },
)

it('S-22: clients that share connections, as behind a proxy, never take each other’s bytes away', async () => {
  const sizeBytes = 300_000
  const body = Buffer.alloc(sizeBytes, PATTERN)
  const server = createServer((_, response) => {
    const range = `bytes 0-${sizeBytes - 1}/${sizeBytes}`
    response.writeHead(206, { 'content-range': range, 'content-length': sizeBytes }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Each connection goes from response to response while sinks are still at work.
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const random = seededRandom(7)
  const someMs = (most: number) => systemClock.sleep(random() * most)
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = createRangeClient({ allowPrivate: true, way: { to: () => ({ agent }) } as unknown as WayOut })
      for (let turn = 0; turn < 60; turn++) {
        const taken: Buffer[] = []
        const sink = (bytes: Uint8Array) => {
          taken.push(Buffer.from(bytes))
          return random() < 0.5 ? undefined : someMs(8)
        }
        await client.read(url, { offset: 0, sizeBytes, totalBytes: null }, sink, AbortSignal.timeout(5_000))
        expect(Buffer.concat(taken).equals(body)).toBe(true)
        await someMs(5)
      }
    }),
  )
})
