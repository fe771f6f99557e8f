import type { Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { reachPeer } from '../network/find-peer'
import { type FramedStream, frameStream } from '../network/framed-stream'
import type { Host } from '../network/host'
import {
  BOUND_PROTOCOL,
  decodeFrame,
  encodeFrame,
  type Frame,
  MAX_FRAME_BYTES,
  MENDING_PROTOCOL,
  PIPELINE_PROTOCOL,
} from './frames'
import { forOlderStream } from './older-streams'
import { RouteError } from './route-error'

/** One long-lived stream to or from a neighbour. */
export interface Link {
  readonly peer: string
  /** Resolves when more may be sent. Rejects with STAGE_LOST when the neighbour has gone. */
  send(frame: Frame): Promise<void>
  abort(error: Error): void
  readonly closed: boolean
  /** The neighbour knows how one stage of a session is replaced. */
  readonly mends: boolean
  /** The neighbour takes signed sessions, and shows that it may serve. */
  readonly binds?: boolean
}

export interface LinkEvents {
  onFrame(frame: Frame, link: Link): void
  onEnd(link: Link, cause: string): void
}

const OPEN_TIMEOUT_MS = 10_000
const MAX_STREAMS = 64
const PROTOCOLS = [BOUND_PROTOCOL, MENDING_PROTOCOL, PIPELINE_PROTOCOL]

/** Opens one outgoing stream a peer, on first use, and accepts incoming ones. */
export function createLinks(host: Host, events: LinkEvents) {
  const self = host.peerId.toString()
  const outgoing = new Map<string, Promise<Link>>()
  const all = new Set<Link>()

  function adopt(peer: string, stream: Stream): Link {
    const framed = frameStream(stream, MAX_FRAME_BYTES)
    const binds = stream.protocol === BOUND_PROTOCOL
    const link: Link = {
      peer,
      binds,
      mends: binds || stream.protocol === MENDING_PROTOCOL,
      get closed() {
        return framed.closed
      },
      send(frame) {
        return framed.write(...encodeFrame(binds ? frame : forOlderStream(frame))).catch((error: unknown) => {
          throw new RouteError('STAGE_LOST', `${peer} (${messageOf(error)})`, peer, { cause: error })
        })
      },
      abort: (error) => framed.abort(error),
    }
    all.add(link)
    void readUntilEnd(link, framed)
    return link
  }

  async function readUntilEnd(link: Link, framed: FramedStream): Promise<void> {
    let cause = 'it ended the stream'
    try {
      await framed.deliverTo((bytes) => events.onFrame(decodeFrame(bytes), link))
    } catch (error) {
      cause = messageOf(error)
      framed.abort(error instanceof Error ? error : new Error(cause))
    }
    all.delete(link)
    events.onEnd(link, cause)
  }

  async function open(peer: string): Promise<Link> {
    const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    const peerId = peerIdFromString(peer)
    await reachPeer(host, peerId, signal)
    const stream = await host.dialProtocol(peerId, PROTOCOLS, { signal, runOnLimitedConnection: true })
    return adopt(peer, stream)
  }

  // A node may be a stage of its own route, and libp2p does not dial itself: both ends are here.
  let isClosed = false
  const end = (other: () => Link): Link => ({
    peer: self,
    mends: true,
    binds: true,
    get closed() {
      return isClosed
    },
    async send(frame) {
      if (isClosed) throw new EspalierError('STAGE_LOST', 'this node stops')
      // Never within the sender's own call: frames of streams don't arrive so either.
      queueMicrotask(() => events.onFrame(frame, other()))
    },
    abort() {
      isClosed = true
    },
  })
  const ownLink: Link = end(() => farEnd)
  const farEnd: Link = end(() => ownLink)

  return {
    async accept(): Promise<void> {
      await host.handle(
        PROTOCOLS,
        (stream, connection) => {
          adopt(connection.remotePeer.toString(), stream)
        },
        { runOnLimitedConnection: true, maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS },
      )
    },
    /** The stream to this peer: the one that is open, or a new one. Throws STAGE_LOST. */
    async to(peer: string): Promise<Link> {
      if (peer === self) return ownLink
      for (;;) {
        const before = outgoing.get(peer)
        const known = await before?.catch(() => undefined)
        if (known && !known.closed) return known
        // Unless somebody else has begun to open one meanwhile.
        if (outgoing.get(peer) === before) break
      }
      const opening = open(peer)
      outgoing.set(peer, opening)
      try {
        return await opening
      } catch (error) {
        if (outgoing.get(peer) === opening) outgoing.delete(peer)
        throw new RouteError('STAGE_LOST', `${peer} (${messageOf(error)})`, peer, { cause: error })
      }
    },
    async close(): Promise<void> {
      isClosed = true
      await host.unhandle(PROTOCOLS)
      for (const link of all) link.abort(new EspalierError('STAGE_LOST', 'this node stops'))
    },
  }
}

export type Links = ReturnType<typeof createLinks>
