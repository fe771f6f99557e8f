import { randomBytes } from 'node:crypto'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Host } from '../../src-main/network/host'

// The unary protocol of go-libp2p-daemon as its own source has it, as strict as it is there and with nothing of our
// codec: what both sides got wrong in the same way would otherwise go unnoticed.

const MAX_FRAME_BYTES = 4 * 1024 * 1024
const CALL_ID_BYTES = 16

export class StrictViolation extends Error {}
export class RemoteFailure extends Error {}

/** `caller` is who the connection proved, as the daemon overwrites the field. Undefined: no handler of that name. */
export type StrictHandler = (data: Uint8Array, caller: PeerId, signal: AbortSignal) => Promise<Uint8Array> | Uint8Array

export interface StrictP2pd {
  /** Requests that were dropped without an answer, and why. */
  readonly dropped: string[]
  /** Calls whose caller ended its stream, or sent one more byte, before the answer. */
  readonly cancelled: number
  addUnaryHandler(protocol: string, handler: StrictHandler): Promise<void>
  /** As `P2P.call_protobuf_handler`: never ends its side before the answer. @throws RemoteFailure, StrictViolation */
  callUnary(peer: PeerId, protocol: string, data: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

export function createStrictP2pd(host: Host): StrictP2pd {
  const dropped: string[] = []
  let cancelled = 0

  async function answer(stream: Stream, connection: Connection, protocol: string, handler: StrictHandler) {
    const reader = readerOf(stream)
    try {
      const request = fieldsOf(await reader.frame(), 'request')
      const callId = required(request, 1, 'callId')
      if (callId.length !== CALL_ID_BYTES) throw new StrictViolation(`a callId of ${callId.length} bytes`)
      const call = fieldsOf(required(request, 3, 'callUnary'), 'callUnary')
      required(call, 1, 'peer')
      const named = Buffer.from(required(call, 2, 'proto')).toString('utf8')
      if (named !== protocol) throw new StrictViolation(`a call of ${named} on ${protocol}`)
      const data = required(call, 3, 'data')
      // From here on the daemon reads one byte: its arrival and the end of the stream both mean that nobody waits.
      const abort = new AbortController()
      void reader.byteOrEnd().then(() => abort.abort())
      const goodbye = new Promise<null>((resolve) => abort.signal.addEventListener('abort', () => resolve(null)))
      const result = await Promise.race([goodbye, resultOf(handler, data, connection.remotePeer, abort.signal)])
      if (result === null) {
        cancelled++
        stream.abort(new Error('cancelled'))
        return
      }
      stream.send(framed(Buffer.concat([field(1, callId), field(4, result)])))
      await stream.close()
    } catch (error) {
      dropped.push(error instanceof Error ? error.message : String(error))
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  return {
    dropped,
    get cancelled() {
      return cancelled
    },
    addUnaryHandler: (protocol, handler) =>
      host.handle(protocol, (stream, connection) => answer(stream, connection, protocol, handler), {
        maxInboundStreams: 256,
        runOnLimitedConnection: true,
      }),
    async callUnary(peer, protocol, data, signal) {
      const stream = await host.dialProtocol(peer, protocol, {
        signal,
        runOnLimitedConnection: true,
        maxOutboundStreams: 256,
      })
      const onAbort = () => void stream.close().catch(() => undefined)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        const reader = readerOf(stream)
        const callId = randomBytes(CALL_ID_BYTES)
        const call = Buffer.concat([
          field(1, peer.toMultihash().bytes),
          field(2, Buffer.from(protocol)),
          field(3, data),
        ])
        stream.send(framed(Buffer.concat([field(1, callId), field(3, call)])))
        const aborted = new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('given up')), { once: true }),
        )
        const reply = fieldsOf(await Promise.race([reader.frame(), aborted]), 'reply')
        required(reply, 1, 'callId')
        const result = fieldsOf(required(reply, 4, 'unaryResponse'), 'unaryResponse')
        const [ok, failure] = [result.get(1), result.get(2)]
        // Without either the caller in Python waits until its own deadline.
        if (ok === undefined && failure === undefined) throw new StrictViolation('an answer without a result')
        if (failure !== undefined) throw new RemoteFailure(Buffer.from(failure).toString('utf8'))
        return Buffer.from(ok ?? [])
      } finally {
        signal.removeEventListener('abort', onAbort)
        await stream.close().catch(() => undefined)
      }
    },
  }
}

async function resultOf(handler: StrictHandler, data: Uint8Array, caller: PeerId, signal: AbortSignal) {
  try {
    return field(1, await handler(data, caller, signal))
  } catch (error) {
    return field(2, Buffer.from(`${error}`))
  }
}

/** One frame, then single bytes, from the stream's messages. */
function readerOf(stream: Stream) {
  let buffer = Buffer.alloc(0)
  let ended = false
  let wake: () => void = () => undefined
  stream.addEventListener('message', (event) => {
    buffer = Buffer.concat([buffer, event.data.subarray()])
    wake()
  })
  const end = () => {
    ended = true
    wake()
  }
  stream.addEventListener('remoteCloseWrite', end)
  stream.addEventListener('close', end)
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })

  return {
    async frame(): Promise<Buffer> {
      for (;;) {
        const header = varint(buffer, 0)
        if (header && header.value > MAX_FRAME_BYTES) throw new StrictViolation(`a frame of ${header.value} bytes`)
        if (header && buffer.length >= header.next + header.value) {
          const frame = Buffer.from(buffer.subarray(header.next, header.next + header.value))
          buffer = buffer.subarray(header.next + header.value)
          return frame
        }
        if (ended) throw new StrictViolation('the stream ended before a whole frame')
        await more()
      }
    },
    async byteOrEnd(): Promise<void> {
      while (buffer.length === 0 && !ended) await more()
    },
  }
}

function varint(bytes: Buffer, at: number): { value: number; next: number } | null {
  let value = 0
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return null
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  throw new StrictViolation('a number of more than ten bytes')
}

/** Length-delimited fields by number, the last one of each; everything else of the wire format is refused. */
function fieldsOf(bytes: Buffer, what: string): Map<number, Buffer> {
  const fields = new Map<number, Buffer>()
  for (let at = 0; at < bytes.length; ) {
    const key = varint(bytes, at)
    const length = key && varint(bytes, key.next)
    if (!key || !length || key.value % 8 !== 2) throw new StrictViolation(`a ${what} that is not one`)
    if (length.next + length.value > bytes.length) throw new StrictViolation(`a ${what} that was cut off`)
    at = length.next + length.value
    fields.set(Math.floor(key.value / 8), bytes.subarray(length.next, at))
  }
  return fields
}

function required(fields: Map<number, Buffer>, number: number, name: string): Buffer {
  const value = fields.get(number)
  // proto2: absent is an error also where empty would be fine.
  if (value === undefined) throw new StrictViolation(`required field ${name} is not set`)
  return value
}

function lengthOf(length: number): Buffer {
  const bytes: number[] = []
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), lengthOf(bytes.length), bytes])
}

function framed(bytes: Buffer): Buffer {
  return Buffer.concat([lengthOf(bytes.length), bytes])
}
