import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import { createBandwidth, type Rate, rateNow } from '../fetch/bandwidth'
import { type ByteStream, byteStream } from './byte-stream'
import {
  ANSWER,
  answerHead,
  encodeBitmap,
  PIECES_PROTOCOL,
  type PiecesRequest,
  type Refusal,
  readRequest,
  sendJson,
} from './pieces-wire'
import type { SeededModel, Seeds } from './seeds'

export interface SeedingLimits {
  /** All peers together; null: no cap. */
  readonly bytesPerSecond: Rate
  readonly uploadsAtOnce: number
  readonly uploadsPerPeer: number
  /** Requests of one peer within a second, and within a burst. */
  readonly requestsPerSecond: number
  /** A peer that takes nothing for this long is let go. */
  readonly idleMs: number
}

export const DEFAULT_SEEDING: SeedingLimits = {
  bytesPerSecond: null,
  uploadsAtOnce: 4,
  uploadsPerPeer: 1,
  requestsPerSecond: 20,
  idleMs: 60_000,
}

export interface SeedingFigures {
  readonly sentBytes: number
  readonly uploads: number
  readonly refused: number
}

const MAX_INBOUND_STREAMS = 4
/**
 * One yamux frame that fills four Noise messages (65,535 bytes with a tag of 16 each) to the last byte, its own header
 * of 12 included. The receiver answers each frame with a window update of its own, encrypted and written: frames of
 * 64 KiB would have four times as many of them, and a second, nearly empty message each.
 */
const SEND_BYTES = 4 * 65_519 - 12
/** Under a cap: a low one must not look like silence to the receiver between two parts. */
const CAPPED_SEND_BYTES = 64 * 1024
const MAX_REMEMBERED_PEERS = 1_000

/** Hands verified pieces to whoever asks, within limits, until `stop`. */
export async function servePieces(
  host: Pick<Libp2p, 'handle' | 'unhandle'>,
  { seeds, clock, limits = {} }: { seeds: Seeds; clock: Clock; limits?: Partial<SeedingLimits> },
): Promise<{ figures(): SeedingFigures; stop(): Promise<void> }> {
  const { bytesPerSecond, uploadsAtOnce, uploadsPerPeer, requestsPerSecond, idleMs } = { ...DEFAULT_SEEDING, ...limits }
  const bandwidth = createBandwidth(clock, bytesPerSecond)
  const open = new Set<ByteStream>()
  const uploading = new Map<string, number>()
  const budgets = new Map<string, { left: number; atMs: number }>()
  let sentBytes = 0
  let refused = 0

  async function serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const bytes = byteStream(stream)
    open.add(bytes)
    try {
      for (;;) {
        const request = await within(bytes, idleMs, () => readRequest(bytes))
        if (request === null) break
        await answer(bytes, peer, request)
      }
      await bytes.close()
    } catch (error) {
      bytes.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      open.delete(bytes)
    }
  }

  async function answer(stream: ByteStream, peer: string, request: PiecesRequest): Promise<void> {
    if (!mayAsk(peer)) return refuse(stream, { code: 'busy', text: 'too many requests' })
    const model = await seeds.model(request.root).catch(() => null)
    if (request.op === 'have') {
      const pieces = model?.pieces ?? new Set<number>()
      const have = {
        v: 1,
        header: model !== null,
        pieces: encodeBitmap(pieces, model?.manifest.pieces.length ?? 0),
      } as const
      return within(stream, idleMs, () => sendJson(stream, ANSWER.have, have))
    }
    if (model === null) return refuse(stream, { code: 'missing', text: 'nothing of this model is here' })
    const mine = uploading.get(peer) ?? 0
    const all = [...uploading.values()].reduce((sum, count) => sum + count, 0)
    if (mine >= uploadsPerPeer || all >= uploadsAtOnce) {
      return refuse(stream, { code: 'busy', text: 'this node hands out as much as it may' })
    }
    uploading.set(peer, mine + 1)
    try {
      await upload(stream, model, request.offset, request.offset + request.size)
    } finally {
      const left = (uploading.get(peer) ?? 1) - 1
      if (left === 0) uploading.delete(peer)
      else uploading.set(peer, left)
    }
  }

  async function upload(stream: ByteStream, model: SeededModel, from: number, to: number): Promise<void> {
    const { manifest } = model
    if (to > manifest.file.sizeBytes) return refuse(stream, { code: 'invalid', text: 'beyond the end of the file' })
    if (from < manifest.header.sizeBytes) {
      await send(stream, model.header.subarray(from, Math.min(to, manifest.header.sizeBytes)))
    }
    const wanted = manifest.pieces.filter((piece) => piece.offset < to && piece.offset + piece.sizeBytes > from)
    let next = wanted[0] === undefined ? null : model.readPiece(wanted[0].index)
    for (const [place, piece] of wanted.entries()) {
      const bytes = await next
      const following = wanted[place + 1]
      // The disk works on the next one while this one is on its way.
      next = bytes === null || following === undefined ? null : model.readPiece(following.index)
      next?.catch(() => undefined)
      if (bytes === null) return refuse(stream, { code: 'missing', text: `piece ${piece.index} is not here` })
      const start = Math.max(0, from - piece.offset)
      await send(stream, bytes.subarray(start, Math.min(piece.sizeBytes, to - piece.offset)))
    }
  }

  async function send(stream: ByteStream, bytes: Uint8Array): Promise<void> {
    await stream.send(answerHead(ANSWER.data, bytes.byteLength))
    for (let at = 0; at < bytes.byteLength; ) {
      const part = bytes.subarray(at, at + (rateNow(bytesPerSecond) === null ? SEND_BYTES : CAPPED_SEND_BYTES))
      at += part.byteLength
      // Timers and turns only where something has to be waited for: this runs four times for each megabyte.
      const paced = bandwidth.take(part.byteLength)
      if (paced !== undefined) await paced
      const drained = stream.send(part)
      if (drained !== undefined) await within(stream, idleMs, () => drained)
      sentBytes += part.byteLength
    }
  }

  async function refuse(stream: ByteStream, refusal: Refusal): Promise<void> {
    refused++
    await within(stream, idleMs, () => sendJson(stream, ANSWER.refusal, refusal))
  }

  /** A budget that refills: a burst of two seconds' worth is fine. */
  function mayAsk(peer: string): boolean {
    const nowMs = clock.monotonicMs()
    const most = 2 * requestsPerSecond
    const budget = budgets.get(peer) ?? { left: most, atMs: nowMs }
    const left = Math.min(most, budget.left + ((nowMs - budget.atMs) * requestsPerSecond) / 1000) - 1
    budgets.delete(peer)
    budgets.set(peer, { left: Math.max(left, -1), atMs: nowMs })
    const [oldest] = budgets.keys()
    if (budgets.size > MAX_REMEMBERED_PEERS && oldest !== undefined) budgets.delete(oldest)
    return left >= 0
  }

  function within<T>(stream: ByteStream, waitMs: number, work: () => Promise<T>): Promise<T> {
    const cancel = clock.after(waitMs, () => stream.abort(new EspalierError('TIMED_OUT', 'the peer is silent')))
    return work().finally(cancel)
  }

  await host.handle(PIECES_PROTOCOL, serve, { maxInboundStreams: MAX_INBOUND_STREAMS, runOnLimitedConnection: false })
  return {
    figures: () => ({ sentBytes, refused, uploads: [...uploading.values()].reduce((sum, count) => sum + count, 0) }),
    async stop() {
      await host.unhandle(PIECES_PROTOCOL)
      for (const stream of open) stream.abort(new EspalierError('CANCELLED', 'this node stops handing out pieces'))
    },
  }
}
