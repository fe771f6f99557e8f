import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ServedRange {
  readonly start: number
  readonly end: number
  readonly authorization: string | undefined
}

/** How a server misbehaves. Read at every request, so a test may change it while a fetch runs. */
export interface Behaviour {
  /** Sends the whole file whatever is asked. */
  ignoresRanges?: boolean
  status?: number
  /** Falls silent after this many bytes of an answer. */
  silentAfterBytes?: number
  /** Cuts the connection after this many bytes of an answer. */
  cutAfterBytes?: number
  /** Flips a bit of this byte of the file. */
  corruptAt?: number
  bytesPerSecond?: number
  redirectTo?: string
  /** Says that the file has another size. */
  totalBytes?: number
  etag?: string
  contentEncoding?: string
  /** Who comes without it gets 401; with another one, 403. */
  token?: string
}

/** A web server on 127.0.0.1 with one model file, which counts what it sends. */
export async function serveModel(path: string, behaviour: Behaviour = {}) {
  const { size } = await stat(path)
  const requests: ServedRange[] = []
  let sentBytes = 0
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    const end = Math.min(size - 1, Number(range?.[2] ?? size - 1))
    requests.push({ start, end, authorization: request.headers.authorization })
    if (behaviour.redirectTo) {
      response.writeHead(302, { location: behaviour.redirectTo }).end()
      return
    }
    const { authorization } = request.headers
    if (behaviour.token && authorization !== `Bearer ${behaviour.token}`) {
      response.writeHead(authorization ? 403 : 401).end()
      return
    }
    if (behaviour.status) {
      response.writeHead(behaviour.status).end()
      return
    }
    const etag = behaviour.etag ?? '"one"'
    const isNewer = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag
    if (behaviour.ignoresRanges || isNewer) {
      response.writeHead(200, { 'content-length': size, etag })
    } else {
      response.writeHead(206, {
        'content-length': end - start + 1,
        'content-range': `bytes ${start}-${end}/${behaviour.totalBytes ?? size}`,
        etag,
        ...(behaviour.contentEncoding ? { 'content-encoding': behaviour.contentEncoding } : {}),
      })
    }
    let sent = 0
    const stream = createReadStream(path, { start, end, highWaterMark: 64 * 1024 })
    response.on('close', () => stream.destroy())
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const at = (behaviour.corruptAt ?? -1) - start - sent
      if (at >= 0 && at < chunk.length) chunk[at]! ^= 0x04
      if (sent >= (behaviour.cutAfterBytes ?? Number.POSITIVE_INFINITY)) return void response.destroy()
      if (sent >= (behaviour.silentAfterBytes ?? Number.POSITIVE_INFINITY)) return
      if (behaviour.bytesPerSecond)
        await new Promise((go) => setTimeout(go, (1000 * chunk.length) / behaviour.bytesPerSecond!))
      if (response.destroyed) return
      sent += chunk.length
      sentBytes += chunk.length
      if (!response.write(chunk)) {
        // The close ends the stream that we read from, and with it the loop.
        await new Promise<void>((resolve) => {
          const go = () => {
            response.off('drain', go)
            stream.off('close', go)
            resolve()
          }
          response.on('drain', go)
          stream.on('close', go)
        })
      }
    }
    response.end()
  }

  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  return {
    url: `http://127.0.0.1:${port}/models/${createHash('sha256').update(path).digest('hex').slice(0, 8)}.gguf`,
    port,
    requests,
    behaviour,
    close,
    /** Ends every connection at once, without a word. */
    reset() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    get sentBytes() {
      return sentBytes
    },
  }
}

export async function sameBytes(a: string, b: string): Promise<boolean> {
  return (await readFile(a)).equals(await readFile(b))
}
