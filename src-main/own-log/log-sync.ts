import type { Connection, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import * as z from 'zod'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Host } from '../network/host'
import { parsePeerAddresses } from '../network/peer-addresses'
import type { EventLog } from '../storage/event-log'
import { OwnEventSchema, type OwnLog } from './own-log'

export const OWN_LOG_PROTOCOL = '/espalier/own-log/1'
const SYNC_INTERVAL_MS = 30_000
const ROUND_TIMEOUT_MS = 15_000
const MAX_EVENTS = 500
const MAX_MESSAGE_BYTES = 1024 * 1024
/** More rounds than a log of the largest size needs. */
const MAX_ROUNDS = 3_000

/** One side's half of a round: how far it knows, and what the other lacks by what the other last said. */
const HalfSchema = z.object({
  known: z.record(z.string().max(140), z.int().min(0)),
  events: z.array(OwnEventSchema).max(MAX_EVENTS),
})
type Half = z.output<typeof HalfSchema>

/**
 * Keeps the log the same on all nodes of one person: every half minute each asks the others what it lacks, and gives what
 * they lack. Events of a third node travel with, so not every two must meet. Only the named peers are heard.
 * `nodes` are multiaddrs with a peer id, of nodes that name this one too.
 */
export async function startLogSync(options: {
  host: Host
  ownLog: OwnLog
  nodes: readonly string[]
  clock: Clock
  log: Pick<EventLog, 'write'>
}): Promise<{ syncNow(): Promise<void>; stop(): Promise<void> }> {
  const { clock, host, log, ownLog } = options
  const nodes = parsePeerAddresses(options.nodes)
  for (const { report } of nodes.invalid) log.write('warn', 'own-log.address.invalid', report.cause)
  const isOwn = new Set(nodes.valid.map(({ peerId }) => peerId.toString()))
  let syncing: Promise<void> | null = null

  const halfFor = (known: Half['known']): Half => ({
    known: ownLog.knownUpTo(),
    events: ownLog.missingFrom(known, MAX_EVENTS),
  })

  async function answer(stream: Stream, connection: Connection): Promise<void> {
    try {
      if (!isOwn.has(connection.remotePeer.toString())) throw new Error('not one of our own nodes')
      const half = halves(stream)
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const theirs = await half.read()
        await ownLog.merge(theirs.events)
        await half.write(halfFor(theirs.known))
      }
    } catch (error) {
      if (stream.status !== 'open') return
      log.write('debug', 'own-log.refused', messageOf(error), { peer: connection.remotePeer.toString() })
      stream.abort(new Error('refused'))
    }
  }

  /** Rounds, until one brings neither side anything. */
  async function syncWith(stream: Stream): Promise<void> {
    const half = halves(stream)
    // Nothing is sent before it is known what they have.
    let known = ownLog.knownUpTo()
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await half.write(halfFor(known))
      const theirs = await half.read()
      const fresh = await ownLog.merge(theirs.events)
      const isHeard = countOf(theirs.known) > countOf(known)
      known = theirs.known
      // In the first round neither knew what the other has.
      if (round > 0 && fresh === 0 && !isHeard) break
    }
    await stream.close()
  }

  async function syncAll(): Promise<void> {
    for (const peer of isOwn) {
      const addresses = nodes.valid.filter(({ peerId }) => peerId.toString() === peer)
      try {
        const signal = AbortSignal.timeout(ROUND_TIMEOUT_MS)
        const stream = await host.dialProtocol(
          addresses.map(({ multiaddr }) => multiaddr),
          OWN_LOG_PROTOCOL,
          { signal },
        )
        await syncWith(stream).catch((error: unknown) => {
          stream.abort(error instanceof Error ? error : new Error(messageOf(error)))
          throw error
        })
      } catch (error) {
        log.write('debug', 'own-log.away', messageOf(error), { peer })
      }
    }
  }
  const syncNow = () => {
    syncing ??= syncAll().finally(() => {
      syncing = null
    })
    return syncing
  }

  await host.handle(OWN_LOG_PROTOCOL, answer, { maxInboundStreams: 4 })
  void syncNow()
  const stopRounds: Disposer = clock.every(SYNC_INTERVAL_MS, () => void syncNow())
  return {
    syncNow,
    async stop() {
      stopRounds()
      await host.unhandle(OWN_LOG_PROTOCOL)
    },
  }
}

function halves(stream: Stream) {
  const lp = lpStream(stream, { maxDataLength: MAX_MESSAGE_BYTES })
  const signal = () => AbortSignal.timeout(ROUND_TIMEOUT_MS)
  return {
    write: (half: Half) => lp.write(new TextEncoder().encode(JSON.stringify(half)), { signal: signal() }),
    read: async (): Promise<Half> =>
      HalfSchema.parse(JSON.parse(new TextDecoder().decode((await lp.read({ signal: signal() })).subarray()))),
  }
}

function countOf(known: Half['known']): number {
  return Object.values(known).reduce((sum, count) => sum + count, 0)
}
