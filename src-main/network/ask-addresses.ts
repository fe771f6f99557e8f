import type { PeerId, Stream } from '@libp2p/interface'
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { plainBytes } from '../hivemind/bytes'
import { withDeadline } from '../hivemind/deadline'
import { peerToBytes } from '../hivemind/peer-bytes'
import { ProtoWriter, protoFields } from '../hivemind/protobuf'
import { isConnected } from './bootstrap'
import type { Host } from './host'

export interface AddressDesk {
  /** What the first of them that knows the peer says; empty when none does. Never rejects. */
  addressesOf(peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]>
  close(): void
}

// Of Kademlia's messages.
const TYPE = 1
const KEY = 2
const CLOSER_PEERS = 8
const FIND_NODE = 4
const PEER_ID = 1
const PEER_ADDRESS = 2

const ASK_TIMEOUT_MS = 1_500
const MAX_ANSWER_BYTES = 256 * 1024
const MAX_ADDRESSES = 32

interface Line {
  stream: Stream
  frames: LengthPrefixedStream<Stream>
}

/**
 * Asks the routers that we are connected to where peers are, one after the other. For somebody who looks for many: a
 * question goes over a stream that an earlier one was asked on, which costs both sides a fraction of a look-up of its
 * own, with a query, paths, and a new stream for each router. Whom they do not know has to be looked up.
 */
export function askForAddresses(options: { host: Host; routers: readonly PeerId[]; clock: Clock }): AddressDesk {
  const { host, clock } = options
  // The service's type leaves it out, though the object has it.
  const { protocol } = host.services.dht as { protocol?: string }
  const idle = new Map<PeerId, Line[]>()
  const failed = new Set<PeerId>()
  let next = 0
  let isClosed = false

  async function ask(router: PeerId, peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]> {
    const question = new ProtoWriter().varint(TYPE, FIND_NODE).bytes(KEY, peerToBytes(peer)).finish()
    for (;;) {
      const used = takeIdle(router)
      const line = used ?? (await open(router, signal))
      try {
        await line.frames.write(question, { signal })
        const answer = await line.frames.read({ signal })
        giveBack(router, line)
        return addressesIn(plainBytes(answer.subarray()), peer)
      } catch (error) {
        line.stream.abort(error instanceof Error ? error : new Error(String(error)))
        // The other side ends streams that nothing came over for a while: that says nothing about it.
        if (!used || signal.aborted) throw error
      }
    }
  }

  function takeIdle(router: PeerId): Line | undefined {
    const lines = idle.get(router) ?? []
    for (let line = lines.pop(); line; line = lines.pop()) {
      if (line.stream.status === 'open' && line.stream.remoteWriteStatus === 'writable') return line
    }
    return undefined
  }

  async function open(router: PeerId, signal: AbortSignal): Promise<Line> {
    if (!protocol) throw new EspalierError('PROTOCOL_UNSUPPORTED', 'Kademlia')
    const stream = await host.dialProtocol(router, protocol, { signal, runOnLimitedConnection: true })
    return { stream, frames: lpStream(stream, { maxDataLength: MAX_ANSWER_BYTES }) }
  }

  function giveBack(router: PeerId, line: Line): void {
    if (isClosed) end(line)
    else idle.set(router, [...(idle.get(router) ?? []), line])
  }

  return {
    async addressesOf(peer, signal) {
      const { routers } = options
      const first = next++
      for (let i = 0; i < routers.length; i++) {
        const router = routers[(first + i) % routers.length]
        if (!router || failed.has(router) || !isConnected(host, router)) continue
        try {
          const addresses = await withDeadline(clock, ASK_TIMEOUT_MS, [signal], (within) => ask(router, peer, within))
          if (addresses.length > 0) return addresses
        } catch {
          if (signal.aborted) break
          failed.add(router)
        }
      }
      return []
    },
    close() {
      isClosed = true
      for (const line of [...idle.values()].flat()) end(line)
      idle.clear()
    },
  }
}

/** Nobody waits for the goodbye. */
function end({ stream }: Line): void {
  stream.close().catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error(String(error))))
}

/** @throws PROTOCOL_VIOLATION */
function addressesIn(answer: Uint8Array, peer: PeerId): Multiaddr[] {
  const wanted = peerToBytes(peer)
  for (const field of protoFields(answer)) {
    if (field.number !== CLOSER_PEERS) continue
    let id: Uint8Array | null = null
    const addresses: Uint8Array[] = []
    for (const part of protoFields(field.bytes())) {
      if (part.number === PEER_ID) id = part.bytes()
      else if (part.number === PEER_ADDRESS && addresses.length < MAX_ADDRESSES) addresses.push(part.bytes())
    }
    if (id && Buffer.compare(id, wanted) === 0) return addresses.flatMap(readable)
  }
  return []
}

/** Nobody's fault but the sender's: an address of a kind that we do not know. */
function readable(bytes: Uint8Array): Multiaddr[] {
  try {
    return [multiaddr(bytes)]
  } catch {
    return []
  }
}
