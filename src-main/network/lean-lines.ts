import type { StreamMuxerFactory } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** What of libp2p's TCP connection is needed to write to its socket. */
interface OverSocket {
  socket: Corkable
  sendData(data: Uint8Array | Uint8ArrayList): { sentBytes: number; canSendMore: boolean }
}

interface Corkable {
  cork(): void
  uncork(): void
}

/** What of libp2p's Noise connection is needed to read the length before each of its messages. */
interface Encrypted {
  stream: unknown
  decoder: { lengthDecoder(bytes: Uint8Array | Uint8ArrayList): number }
}

const PREFIX_BYTES = 2
/** One for all: that no message has begun is found out with every chunk, and noting where costs more than reading one. */
const NOT_YET = new RangeError('the length of the next message is not here yet')

/**
 * Makes every message over TCP and Noise cheaper, on the wire and above it as before: what is written within one turn of
 * the event loop goes to the system in one call (libp2p makes two for each encrypted message, and so the other side
 * wakes up twice), and the end of what has arrived is found without an exception of its own.
 */
export function leanLines<F extends StreamMuxerFactory, C>(create: (components: C) => F): (components: C) => F {
  return (components) => {
    const factory = create(components)
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      if (isEncrypted(connection)) {
        connection.decoder.lengthDecoder = lengthBefore
        if (isOverSocket(connection.stream)) writeTogether(connection.stream)
      }
      return createStreamMuxer(connection)
    }
    return factory
  }
}

/** Noise's length, 16 bits big-endian. A RangeError asks for more bytes. */
function lengthBefore(bytes: Uint8Array | Uint8ArrayList): number {
  if (bytes.byteLength < PREFIX_BYTES) throw NOT_YET
  const [high = 0, low = 0] = bytes instanceof Uint8Array ? bytes : [bytes.get(0), bytes.get(1)]
  return 256 * high + low
}

function writeTogether(connection: OverSocket): void {
  const { socket } = connection
  const sendData = connection.sendData.bind(connection)
  let isCorked = false
  connection.sendData = (data) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      // Before the next turn, after everything that this one still has to say.
      process.nextTick(() => {
        isCorked = false
        socket.uncork()
      })
    }
    return sendData(data)
  }
}

function isEncrypted(connection: object): connection is Encrypted {
  const decoder: unknown = Reflect.get(connection, 'decoder')
  return typeof decoder === 'object' && decoder !== null && typeof Reflect.get(decoder, 'lengthDecoder') === 'function'
}

function isOverSocket(connection: unknown): connection is OverSocket {
  if (typeof connection !== 'object' || connection === null) return false
  const socket: unknown = Reflect.get(connection, 'socket')
  return (
    typeof Reflect.get(connection, 'sendData') === 'function' &&
    typeof socket === 'object' &&
    socket !== null &&
    ['cork', 'uncork'].every((name) => typeof Reflect.get(socket, name) === 'function')
  )
}
