import { connect, type Socket } from 'node:net'
import type { Clock } from '../../src-shared/clock'

const WATCHER = 'org.kde.StatusNotifierWatcher'
const ANSWER_TIMEOUT_MS = 1_000
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Whether something shows tray icons. On Linux that is not certain (GNOME has no tray of its own), and Electron
 * makes an icon that nobody ever sees. The desktop is asked over D-Bus; no answer counts as no.
 */
export async function hasTrayHost(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<boolean> {
  if (platform !== 'linux') return true
  const path = busPath(env.DBUS_SESSION_BUS_ADDRESS ?? '')
  return path === null ? false : askWatcher(path, clock)
}

/** The socket of `unix:path=…` or `unix:abstract=…`, the forms that session buses have. */
export function busPath(address: string): string | null {
  for (const entry of address.split(';')) {
    const found = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(entry)
    if (!found?.[2]) continue
    const name = decodeURIComponent(found[2])
    return found[1] === 'abstract' ? `\0${name}` : name
  }
  return null
}

function askWatcher(path: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const cancel = clock.after(ANSWER_TIMEOUT_MS, () => finish(false))
    const finish = (answer: boolean) => {
      cancel()
      socket.destroy()
      resolve(answer)
    }
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
    talk(socket, finish)
  })
}

/** D-Bus in its shortest form: authenticate as this user, say hello, read one property. */
function talk(socket: Socket, finish: (answer: boolean) => void): void {
  let received = Buffer.alloc(0)
  let isAuthenticated = false
  let replies = 0
  socket.on('connect', () => {
    const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
    socket.write(`\0AUTH EXTERNAL ${user}\r\n`)
  })
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length > MAX_ANSWER_BYTES) return finish(false)
    if (!isAuthenticated) {
      const end = received.indexOf('\r\n')
      if (end === -1) return
      if (!received.toString('latin1', 0, end).startsWith('OK ')) return finish(false)
      received = received.subarray(end + 2)
      isAuthenticated = true
      socket.write('BEGIN\r\n')
      socket.write(methodCall(1, 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello', []))
      const property = [WATCHER, 'IsStatusNotifierHostRegistered']
      socket.write(methodCall(2, WATCHER, '/StatusNotifierWatcher', 'org.freedesktop.DBus.Properties', 'Get', property))
    }
    for (let message = takeMessage(received); message; message = takeMessage(received)) {
      received = received.subarray(message.sizeBytes)
      // Answers come in order; the bus tells of our name in between, as a signal.
      if (message.type !== METHOD_RETURN && message.type !== ERROR) continue
      replies += 1
      if (message.type === ERROR) return finish(false)
      if (replies === 2) return finish(isTrue(message.body))
    }
  })
}

const METHOD_CALL = 1
const METHOD_RETURN = 2
const ERROR = 3
const NO_AUTO_START = 2
/** The specification's codes of header fields. */
const FIELD = { path: 1, interface: 2, member: 3, destination: 6, signature: 8 } as const

function methodCall(
  serial: number,
  destination: string,
  path: string,
  interfaceName: string,
  member: string,
  texts: readonly string[],
): Buffer {
  const body = new Marshaller()
  for (const text of texts) body.text(text)
  const fields = new Marshaller()
  fields.field(FIELD.path, 'o', path)
  fields.field(FIELD.destination, 's', destination)
  fields.field(FIELD.interface, 's', interfaceName)
  fields.field(FIELD.member, 's', member)
  if (texts.length > 0) fields.field(FIELD.signature, 'g', 's'.repeat(texts.length))
  const head = Buffer.alloc(16)
  head.write('l')
  head.writeUInt8(METHOD_CALL, 1)
  head.writeUInt8(NO_AUTO_START, 2)
  head.writeUInt8(1, 3)
  head.writeUInt32LE(body.bytes.length, 4)
  head.writeUInt32LE(serial, 8)
  head.writeUInt32LE(fields.bytes.length, 12)
  fields.align(8)
  return Buffer.concat([head, fields.bytes, body.bytes])
}

/** Little-endian, every value aligned to its size, as the specification wants it. */
class Marshaller {
  bytes = Buffer.alloc(0)

  align(size: number): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.alloc((size - (this.bytes.length % size)) % size)])
  }

  text(value: string): void {
    this.align(4)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(Buffer.byteLength(value))
    this.bytes = Buffer.concat([this.bytes, length, Buffer.from(value), Buffer.alloc(1)])
  }

  field(code: number, type: 'o' | 's' | 'g', value: string): void {
    this.align(8)
    this.bytes = Buffer.concat([this.bytes, Buffer.from([code, 1, type.charCodeAt(0), 0])])
    if (type === 'g') {
      this.bytes = Buffer.concat([this.bytes, Buffer.from([value.length]), Buffer.from(value), Buffer.alloc(1)])
    } else this.text(value)
  }
}

function takeMessage(bytes: Buffer): { type: number; body: Buffer; sizeBytes: number } | null {
  // The daemon answers in the order of bytes that it was spoken to in.
  if (bytes.length < 16) return null
  const bodyBytes = bytes.readUInt32LE(4)
  const headBytes = Math.ceil((16 + bytes.readUInt32LE(12)) / 8) * 8
  const sizeBytes = headBytes + bodyBytes
  if (bytes.length < sizeBytes) return null
  return { type: bytes.readUInt8(1), body: bytes.subarray(headBytes, sizeBytes), sizeBytes }
}

/** A variant that holds a boolean: the signature `b`, then a number aligned to 4. */
function isTrue(body: Buffer): boolean {
  return body.length >= 8 && body.toString('latin1', 0, 3) === '\x01b\0' && body.readUInt32LE(4) === 1
}
