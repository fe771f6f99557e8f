import { randomBytes } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { encodeVarint, type ProtoField, ProtoWriter, protoFields } from '../../src-main/hivemind/protobuf'

// The control protocol of go-libp2p-daemon, as hivemind speaks it (p2pd.proto): requests and replies with a varint
// length, and one connection that is turned into a two-way one for unary calls.

const IDENTIFY = 0
const CONNECT = 1
const DHT = 4
const LIST_PEERS = 5
const DISCONNECT = 7
const PERSISTENT_CONN_UPGRADE = 9

export class P2pdError extends Error {}
export class HandlerError extends Error {}

export type P2pdHandler = (data: Uint8Array, caller: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

export interface P2pdControl {
  /** Peer id and addresses, as bytes. */
  identify(): Promise<{ id: Uint8Array; addresses: Uint8Array[] }>
  connect(peer: Uint8Array, addresses: readonly Uint8Array[]): Promise<void>
  disconnect(peer: Uint8Array): Promise<void>
  listPeers(): Promise<Uint8Array[]>
  /** Rejects when the daemon's DHT does not know the peer. */
  findPeer(peer: Uint8Array): Promise<{ id: Uint8Array; addresses: Uint8Array[] }>
  addUnaryHandler(protocol: string, handler: P2pdHandler): Promise<void>
  /** @throws HandlerError with the other side's words, P2pdError with the daemon's */
  callUnary(peer: Uint8Array, protocol: string, data: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>
  close(): void
}

/** @param port of the daemon's control address on 127.0.0.1 */
export async function openP2pdControl(port: number): Promise<P2pdControl> {
  const handlers = new Map<string, P2pdHandler>()
  const calls = new Map<string, PromiseWithResolvers<Uint8Array>>()
  const handling = new Map<string, AbortController>()
  const duplex = await open(port)
  await request(duplex, new ProtoWriter().varint(1, PERSISTENT_CONN_UPGRADE).finish())
  const end = () => {
    for (const { reject } of calls.values()) reject(new P2pdError('the daemon closed the control connection'))
    calls.clear()
  }
  readPersistent().then(end, end)

  async function readPersistent(): Promise<void> {
    for await (const frame of duplex.frames) {
      const fields = byNumber(frame)
      const callId = Buffer.from(fields.get(1)?.bytes() ?? []).toString('hex')
      const [reply, asked, failed] = [fields.get(2), fields.get(3), fields.get(4)]
      if (asked) void answer(callId, byNumber(asked.bytes()))
      else if (fields.has(5)) handling.get(callId)?.abort()
      else settle(callId, reply && byNumber(reply.bytes()), failed && byNumber(failed.bytes()))
    }
  }

  function settle(callId: string, reply?: Fields, failed?: Fields): void {
    const call = calls.get(callId)
    calls.delete(callId)
    if (failed) call?.reject(new P2pdError(failed.get(1)?.text(10_000) ?? ''))
    else if (reply?.has(2)) call?.reject(new HandlerError(reply.get(2)?.text(10_000) ?? ''))
    else call?.resolve(Uint8Array.from(reply?.get(1)?.bytes() ?? []))
  }

  async function answer(callId: string, asked: Fields): Promise<void> {
    const stop = new AbortController()
    handling.set(callId, stop)
    const handler = handlers.get(asked.get(2)?.text(1_000) ?? '')
    const writer = new ProtoWriter()
    try {
      if (!handler) throw new Error('no such handler')
      const data = Uint8Array.from(asked.get(3)?.bytes() ?? [])
      writer.bytes(1, await handler(data, asked.get(1)?.bytes() ?? new Uint8Array(), stop.signal))
    } catch (error) {
      writer.text(2, String(error))
    }
    handling.delete(callId)
    const id = Buffer.from(callId, 'hex')
    duplex.send(new ProtoWriter().bytes(1, id).bytes(4, writer.finish()).finish())
  }

  function call(field: number, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const id = randomBytes(16)
    const waiting = Promise.withResolvers<Uint8Array>()
    calls.set(id.toString('hex'), waiting)
    duplex.send(new ProtoWriter().bytes(1, id).bytes(field, body).finish())
    signal?.addEventListener(
      'abort',
      () => {
        duplex.send(new ProtoWriter().bytes(1, id).bytes(5, new Uint8Array()).finish())
        waiting.reject(new P2pdError('given up'))
      },
      { once: true },
    )
    return waiting.promise
  }

  /** One question on a connection of its own. */
  async function ask(body: Uint8Array): Promise<Fields> {
    const connection = await open(port)
    try {
      return await request(connection, body)
    } finally {
      connection.close()
    }
  }

  return {
    async identify() {
      const reply = await ask(new ProtoWriter().varint(1, IDENTIFY).finish())
      return peerInfo(reply.get(4)?.bytes() ?? new Uint8Array())
    },
    async connect(peer, addresses) {
      const body = new ProtoWriter().bytes(1, peer)
      for (const address of addresses) body.bytes(2, address)
      await ask(new ProtoWriter().varint(1, CONNECT).bytes(2, body.finish()).finish())
    },
    async disconnect(peer) {
      await ask(new ProtoWriter().varint(1, DISCONNECT).bytes(7, new ProtoWriter().bytes(1, peer).finish()).finish())
    },
    async listPeers() {
      const connection = await open(port)
      try {
        connection.send(new ProtoWriter().varint(1, LIST_PEERS).finish())
        const peers: Uint8Array[] = []
        for (const field of protoFields(await connection.next())) {
          if (field.number === 6) peers.push(peerInfo(field.bytes()).id)
        }
        return peers
      } finally {
        connection.close()
      }
    },
    async findPeer(peer) {
      const dht = new ProtoWriter().varint(1, 0).bytes(2, peer).varint(7, 10).finish()
      const reply = await ask(new ProtoWriter().varint(1, DHT).bytes(5, dht).finish())
      return peerInfo(
        byNumber(reply.get(5)?.bytes() ?? new Uint8Array())
          .get(2)
          ?.bytes() ?? new Uint8Array(),
      )
    },
    async addUnaryHandler(protocol, handler) {
      handlers.set(protocol, handler)
      // `balanced` is required, also when it is false: several clients of one daemon do not share the handler.
      await call(2, new ProtoWriter().text(1, protocol).varint(2, 0).finish())
    },
    callUnary(peer, protocol, data, signal) {
      return call(3, new ProtoWriter().bytes(1, peer).text(2, protocol).bytes(3, data).finish(), signal)
    },
    close: () => duplex.close(),
  }
}

type Fields = Map<number, ProtoField>

/** The last field of each number. */
function byNumber(bytes: Uint8Array): Fields {
  return new Map([...protoFields(bytes)].map((field) => [field.number, field]))
}

function peerInfo(bytes: Uint8Array): { id: Uint8Array; addresses: Uint8Array[] } {
  const info = { id: new Uint8Array(), addresses: [] as Uint8Array[] }
  for (const field of protoFields(bytes)) {
    if (field.number === 1) info.id = Uint8Array.from(field.bytes())
    if (field.number === 2) info.addresses.push(Uint8Array.from(field.bytes()))
  }
  return info
}

interface Connection {
  send(message: Uint8Array): void
  next(): Promise<Uint8Array>
  readonly frames: AsyncGenerator<Uint8Array>
  close(): void
}

async function request(connection: Connection, body: Uint8Array): Promise<Fields> {
  connection.send(body)
  const reply = byNumber(await connection.next())
  if (reply.get(1)?.varint() !== 0) {
    throw new P2pdError(
      byNumber(reply.get(2)?.bytes() ?? new Uint8Array())
        .get(1)
        ?.text(10_000) ?? 'refused',
    )
  }
  return reply
}

async function open(port: number): Promise<Connection> {
  const socket = createConnection({ host: '127.0.0.1', port })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const frames = framesOf(socket)
  return {
    send: (message) => void socket.write(Buffer.concat([encodeVarint(message.length), message])),
    async next() {
      const { value, done } = await frames.next()
      if (done) throw new P2pdError('the daemon closed the connection')
      return value
    },
    frames,
    close: () => void socket.destroy(),
  }
}

async function* framesOf(socket: Socket): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const end = buffer.findIndex((byte) => byte < 0x80)
      if (end < 0) break
      const length = buffer.subarray(0, end + 1).reduce((sum, byte, i) => sum + (byte & 0x7f) * 2 ** (7 * i), 0)
      if (buffer.length < end + 1 + length) break
      yield Uint8Array.from(buffer.subarray(end + 1, end + 1 + length))
      buffer = buffer.subarray(end + 1 + length)
    }
  }
}
