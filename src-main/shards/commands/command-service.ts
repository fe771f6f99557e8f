import { randomUUID } from 'node:crypto'
import type { Connection, PeerId, PrivateKey, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import type { Clock } from '../../../src-shared/clock'
import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { EspalierError, messageOf, reportOf } from '../../../src-shared/errors'
import { reachPeer } from '../../network/find-peer'
import type { Host } from '../../network/host'
import type { EventLog } from '../../storage/event-log'
import { createCommandGuard } from './command-guard'
import {
  COMMAND_PROTOCOL,
  MAX_COMMAND_BYTES,
  openReply,
  openRequest,
  type ShardCommand,
  type ShardCommandType,
  type ShardReplyBody,
  signMessage,
} from './command-wire'

const READ_TIMEOUT_MS = 5_000
const ASK_TIMEOUT_MS = 10_000
const MAX_INBOUND_STREAMS = 16

/** What this node does with each command. A handler that throws answers with an error. */
export type CommandHandlers = {
  [T in ShardCommandType]: (
    command: Extract<ShardCommand, { type: T }>,
    context: { peer: PeerId; id: string },
  ) => Promise<ShardReplyBody> | ShardReplyBody
}

export interface SentCommand {
  peer: string
  type: ShardCommandType
  at: number
  /** Null while no answer came. */
  roundTripMs: number | null
  /** The reply's status, or the code of what went wrong; null: under way. */
  outcome: string | null
}

export interface CommandService {
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Sends one command and gives the reply; `error` replies are thrown with their code. Rejects with PEER_UNREACHABLE,
   * TIMED_OUT, COMMAND_FORGED, CANCELLED. `id`: the same one again is not done twice there.
   */
  send(peer: PeerId, command: ShardCommand, options?: { id?: string; signal?: AbortSignal }): Promise<ShardReplyBody>
  /** Accepted and refused commands so far, by type or by the code of the refusal. */
  counts(): Readonly<Record<string, number>>
  /** The last command to each peer, for the matrix of who talks to whom. */
  lastSent(): SentCommand[]
}

/** Receives and sends shard commands. Everything that comes is limited, signed, fresh and done once. */
export function createCommandService(options: {
  host: Host
  privateKey: PrivateKey
  clock: Clock
  log: EventLog
  handlers: CommandHandlers
}): CommandService {
  const { host, privateKey, clock, log, handlers } = options
  const self = host.peerId.toString()
  const guard = createCommandGuard(clock)
  const counts = new Map<string, number>()
  const sent = new Map<string, SentCommand>()
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)

  function perform(command: ShardCommand, peer: PeerId, id: string): Promise<ShardReplyBody> {
    const handler = handlers[command.type] as (
      command: ShardCommand,
      context: { peer: PeerId; id: string },
    ) => Promise<ShardReplyBody> | ShardReplyBody
    return Promise.resolve()
      .then(() => handler(command, { peer, id }))
      .then(
        (reply) => {
          count(command.type)
          return reply
        },
        (error: unknown) => refusalOf(error, peer),
      )
  }

  function refusalOf(error: unknown, peer: PeerId): ShardReplyBody {
    const { code, cause } = reportOf(error)
    count(code)
    // A command can overtake the assignment that it follows from: the next beat brings it, and nothing is wrong.
    const level = code === 'SHARD_NOT_ASSIGNED' ? 'info' : 'warn'
    log.write(level, 'shard.command.refused', cause, { peer: peer.toString(), code })
    return { status: 'error', code, cause: cause.slice(0, 600) }
  }

  async function onStream(stream: Stream, { remotePeer }: Connection): Promise<void> {
    const peer = remotePeer.toString()
    let id: string = randomUUID()
    let body: ShardReplyBody
    const lp = lpStream(stream, { maxDataLength: MAX_COMMAND_BYTES })
    try {
      try {
        guard.countIn(peer)
        const data = (await lp.read({ signal: AbortSignal.timeout(READ_TIMEOUT_MS) })).subarray()
        if (!remotePeer.publicKey) throw new EspalierError('COMMAND_FORGED', 'a peer without a public key')
        const request = await openRequest(data, remotePeer.publicKey)
        id = request.id
        body = await guard.once(request, peer, self, () => perform(request.command, remotePeer, request.id))
      } catch (error) {
        // What the stream's own reader refuses (too long, not a length) is a violation like any other.
        const isOurs = error instanceof EspalierError
        body = refusalOf(isOurs ? error : new EspalierError('PROTOCOL_VIOLATION', messageOf(error)), remotePeer)
      }
      const reply = { v: 1 as const, id, from: self, to: peer, at: clock.now(), reply: body }
      await lp.write(await signMessage(reply, privateKey), { signal: AbortSignal.timeout(READ_TIMEOUT_MS) })
      await stream.close()
    } catch (error) {
      log.write('debug', 'shard.command.broken', messageOf(error), { peer })
      stream.abort(error instanceof Error ? error : new Error(messageOf(error)))
    }
  }

  async function exchange(peer: PeerId, command: ShardCommand, id: string, signal: AbortSignal) {
    await reachPeer(host, peer, signal)
    const stream = await host.dialProtocol(peer, COMMAND_PROTOCOL, { signal, runOnLimitedConnection: true })
    try {
      const lp = lpStream(stream, { maxDataLength: MAX_COMMAND_BYTES })
      const request = { v: 1 as const, id, from: self, to: peer.toString(), at: clock.now(), command }
      await lp.write(await signMessage(request, privateKey), { signal })
      const data = (await lp.read({ signal })).subarray()
      if (!peer.publicKey) throw new EspalierError('COMMAND_FORGED', 'a peer without a public key')
      const reply = await openReply(data, peer.publicKey)
      // Who refuses a message before reading it can't know its id.
      const isAnswer = reply.id === id || reply.reply.status === 'error'
      if (reply.from !== peer.toString() || reply.to !== self || !isAnswer)
        throw new EspalierError('COMMAND_FORGED', 'a reply to something else')
      return reply.reply
    } finally {
      await stream.close().catch((error: Error) => stream.abort(error))
    }
  }

  return {
    start: () =>
      host.handle(COMMAND_PROTOCOL, onStream, {
        runOnLimitedConnection: true,
        maxInboundStreams: MAX_INBOUND_STREAMS,
      }),
    stop: () => host.unhandle(COMMAND_PROTOCOL),
    async send(peer, command, { id = randomUUID(), signal } = {}) {
      const name = peer.toString()
      const entry: SentCommand = { peer: name, type: command.type, at: clock.now(), roundTripMs: null, outcome: null }
      sent.delete(name)
      if (sent.size >= 256) sent.delete(sent.keys().next().value ?? '')
      sent.set(name, entry)
      const startedMs = clock.monotonicMs()
      const timeout = AbortSignal.timeout(ASK_TIMEOUT_MS)
      try {
        const reply = await exchange(peer, command, id, signal ? AbortSignal.any([signal, timeout]) : timeout)
        entry.roundTripMs = clock.monotonicMs() - startedMs
        entry.outcome = reply.status === 'error' ? reply.code : reply.status
        if (reply.status === 'error') throw new EspalierError(reply.code, detailOf(reply.code, reply.cause))
        return reply
      } catch (error) {
        const failure =
          error instanceof EspalierError
            ? error
            : new EspalierError(
                signal?.aborted ? 'CANCELLED' : timeout.aborted ? 'TIMED_OUT' : 'PEER_UNREACHABLE',
                messageOf(error),
                { cause: error },
              )
        entry.outcome ??= failure.code
        throw failure
      }
    },
    counts: () => Object.fromEntries(counts),
    lastSent: () => [...sent.values()].map((entry) => ({ ...entry })),
  }
}

/** A remote cause begins with the catalogue's words, which the error made here says again. */
function detailOf(code: ErrorCode, cause: string): string {
  const plain = new EspalierError(code).report().cause
  return cause.startsWith(plain) ? cause.slice(plain.length).replace(/^: /, '') : cause
}
