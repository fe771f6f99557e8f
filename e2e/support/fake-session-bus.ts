import { createServer } from 'node:net'
import { join } from 'node:path'

export interface FakeSessionBus {
  /** For DBUS_SESSION_BUS_ADDRESS. */
  readonly address: string
  close(): void
}

/** A D-Bus message as a bus sends it: a type, the serial that it replies to, and a body. */
export function busMessage(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(24)
  head.write('l')
  head.writeUInt8(type, 1)
  head.writeUInt8(1, 3)
  head.writeUInt32LE(body.length, 4)
  head.writeUInt32LE(9, 8)
  head.writeUInt32LE(8, 12)
  head.set([5, 1, 'u'.charCodeAt(0), 0, 1, 0, 0, 0], 16)
  return Buffer.concat([head, body])
}

/** A variant that holds a boolean. */
export function busBoolean(value: boolean): Buffer {
  return Buffer.from([1, 'b'.charCodeAt(0), 0, 0, value ? 1 : 0, 0, 0, 0])
}

/** The answer to the greeting: the name that the bus gives a caller. */
export const BUS_HELLO = busMessage(2, Buffer.from([4, 0, 0, 0, 58, 49, 46, 49, 0]))

/** A desktop that shows tray icons, as far as an app asks for it over the session's bus. */
export async function startSessionBus(directory: string): Promise<FakeSessionBus> {
  const path = join(directory, 'bus')
  const server = createServer((socket) => {
    let heard = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      if (heard === '') socket.write('OK 0123\r\n')
      heard += chunk.toString('latin1')
      if (heard.includes('IsStatusNotifierHostRegistered')) {
        socket.write(Buffer.concat([BUS_HELLO, busMessage(2, busBoolean(true))]))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return { address: `unix:path=${path}`, close: () => void server.close() }
}
