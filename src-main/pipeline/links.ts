import type { Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { reachPeer } from '../network/find-peer'
import { type FramedStream, frameStream } from '../network/framed-stream'
import type { Host } from '../network/host'
import { watchStandstill } from '../network/standstill'
import type { UnsentLimits } from '../network/unsent'
import { BOUND_PROTOCOL, decodeFrame, encodeFrame, type Frame, MAX_FRAME_BYTES, MENDING_PROTOCOL } from './frames'
import { forOlderStream } from './older-streams'
import { PIPELINE_PROTOCOLS } from './protocols'
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
  /** The largest frame that is taken from this neighbour as things are; asked for each one, before it is kept. */
  maxFrameBytes?(link: Link): number
  /** What the sessions that run over this link may have on their way, each of them one step; asked for each frame. */
  stepsUnderWayBytes?(link: Link): number
}

const OPEN_TIMEOUT_MS = 10_000
const MAX_STREAMS = 64
/** What others name as their next stage is dialled: this many streams stay open, those that were used last. */
const MAX_OUTGOING = 256
/** Where others began the stream only short answers go back. One who does not read them asks for nothing else. */
const UNSENT_ANSWERS: UnsentLimits = { bytes: 1024 * 1024, messages: 1024 }
/**
 * Where we began it each session has one step under way, and waits until little of it is left before it sends the next:
 * however slow the line, no more waits than those, and what ended sessions left. Whoever reads nothing is ended by the
 * time that it takes (standstill.ts).
 */
const UNSENT_STEPS: UnsentLimits = { bytes: 4 * MAX_FRAME_BYTES, messages: 1024 }

/** Opens one outgoing stream a peer, on first use, and accepts incoming ones. */
export function createLinks(host: Host, clock: Clock, events: LinkEvents) {
  const self = host.peerId.toString()
  /** By peer: open, or being opened. */
  const outgoing = new Map<string, Promise<Link>>()
  const all = new Map<Link, FramedStream>()
  /** Those that we began, in the order of their last use. */
  const begun = new Set<Link>()
  const stopWatch = watchStandstill(clock, () => all.values())
  let isClosed = false

  /** For a line that we began. */
  const stepLimits = (link: () => Link): UnsentLimits => ({
    ...UNSENT_STEPS,
    get bytes() {
      return UNSENT_STEPS.bytes + (events.stepsUnderWayBytes?.(link()) ?? 0)
    },
  })

  function adopt(peer: string, stream: Stream, isBegun: boolean): Link {
    const limits = isBegun ? stepLimits(() => link) : UNSENT_ANSWERS
    const framed = frameStream(stream, () => events.maxFrameBytes?.(link) ?? MAX_FRAME_BYTES, limits)
    const binds = stream.protocol === BOUND_PROTOCOL
    const link: Link = {
      peer,
      binds,
      mends: binds || stream.protocol === MENDING_PROTOCOL,
      get closed() {
        return framed.closed
      },
      send(frame) {
        if (begun.has(link)) use(link)
        return framed.write(...encodeFrame(binds ? frame : forOlderStream(frame))).catch((error: unknown) => {
          throw new RouteError('STAGE_LOST', `${peer} (${messageOf(error)})`, peer, { cause: error })
        })
      },
      abort: (error) => framed.abort(error),
    }
    all.set(link, framed)
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
    begun.delete(link)
    forget(link)
    events.onEnd(link, cause)
    // A stream of which only one side has ended counts among those that a connection may have, for as long as it lasts.
    await framed.close().catch((error: Error) => framed.abort(error))
    all.delete(link)
  }

  function forget(link: Link): void {
    const known = outgoing.get(link.peer)
    known?.then(
      (one) => one === link && outgoing.get(link.peer) === known && outgoing.delete(link.peer),
      () => undefined,
    )
  }

  async function open(peer: string): Promise<Link> {
    const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    const peerId = peerIdFromString(peer)
    await reachPeer(host, peerId, signal)
    const stream = await host.dialProtocol(peerId, [...PIPELINE_PROTOCOLS], { signal, runOnLimitedConnection: true })
    if (isClosed) {
      const error = new EspalierError('STAGE_LOST', 'this node stops')
      stream.abort(error)
      throw error
    }
    const link = adopt(peer, stream, true)
    use(link)
    return link
  }

  /** Of the streams that we began the one that was used longest ago gives way. Whoever needs it opens another one. */
  function use(link: Link): void {
    begun.delete(link)
    begun.add(link)
    const [oldest] = begun
    if (oldest && begun.size > MAX_OUTGOING)
      oldest.abort(new EspalierError('STAGE_LOST', 'others were used since, and there is no room for more'))
  }

  // A node may be a stage of its own route, and libp2p does not dial itself: both ends are here.
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
        [...PIPELINE_PROTOCOLS],
        (stream, connection) => {
          adopt(connection.remotePeer.toString(), stream, false)
        },
        { runOnLimitedConnection: true, maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS },
      )
    },
    /** Peers to which a stream is open, or being opened. */
    get outgoing() {
      return outgoing.size
    },
    /** The stream to this peer: the one that is open, or a new one. Throws STAGE_LOST. */
    async to(peer: string): Promise<Link> {
      if (peer === self) return ownLink
      for (;;) {
        const before = outgoing.get(peer)
        const known = await before?.catch(() => undefined)
        if (known && !known.closed) {
          use(known)
          return known
        }
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
      stopWatch()
      await host.unhandle([...PIPELINE_PROTOCOLS])
      for (const link of all.keys()) link.abort(new EspalierError('STAGE_LOST', 'this node stops'))
    },
  }
}

export type Links = ReturnType<typeof createLinks>
