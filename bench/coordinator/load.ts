import { connect, type Socket } from 'node:net'

// A client that costs little, so that the server is what is measured: one prepared request a connection at a time,
// on plain sockets, of the answer only its status and length are read.

export interface Load {
  requests: number
  elapsedMs: number
  /** Of each answer, milliseconds. */
  latencies: number[]
}

const HEADERS_END = Buffer.from('\r\n\r\n')

/** Keeps every connection busy for `durationMs`: with the next body as soon as the answer to the last one is whole. */
export async function load(
  port: number,
  path: string,
  { connections, durationMs, body }: { connections: number; durationMs: number; body: (connection: number) => string },
): Promise<Load> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + durationMs
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const socket = await open(port)
      try {
        while (performance.now() < endsAt) {
          const sentAt = performance.now()
          await exchange(socket, port, path, body(connection))
          latencies.push(performance.now() - sentAt)
        }
      } finally {
        socket.destroy()
      }
    }),
  )
  return { requests: latencies.length, elapsedMs: performance.now() - startedAt, latencies }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

function exchange(socket: Socket, port: number, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const end = (error?: Error) => {
      socket.off('data', onData).off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    const onClose = () => end(new Error('the server closed the connection'))
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const headersEnd = received.indexOf(HEADERS_END)
      if (headersEnd === -1) return
      const head = received.toString('latin1', 0, headersEnd)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (received.length < headersEnd + HEADERS_END.length + length) return
      if (!head.startsWith('HTTP/1.1 200')) end(new Error(received.toString('utf8').slice(0, 400)))
      else end()
    }
    socket.on('data', onData).on('close', onClose)
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  })
}

/** The value that `share` of all are not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
