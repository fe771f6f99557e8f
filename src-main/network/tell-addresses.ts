import type { Connection, IdentifyResult, Stream } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { createLimiter } from '../hivemind/limiter'
import type { Host } from './host-services'

/** libp2p's identify/push: the message of identify, sent without being asked for. */
export const IDENTIFY_PUSH = '/ipfs/id/push/1.0.0'

/** Two relays, or a relay and a router's port, come within moments: they are one change. */
const SETTLE_MS = 250
const PATIENCE_MS = 5_000
const AGAIN_FIRST_MS = 2_000
const AGAIN_MAX_MS = 60_000
const MAX_AT_ONCE = 16

interface Hearer {
  /** The change of our addresses up to which this peer has heard of them. */
  heard: number
  /** Whether it takes such messages; unknown, and so false, until it has said which protocols it speaks. */
  listens: boolean
  isBeingTold: boolean
}

type TellingHost = Pick<Host, 'addEventListener' | 'removeEventListener' | 'getMultiaddrs'>

/**
 * Tells the peers of open connections when our addresses have changed. Without it whoever met a node before it had its
 * place at a relay never hears where it is, and tells others so for ever. The library's own sender gives up for all
 * peers at the first that has not said yet who it is, passes over those whom it knows too little of, and sends once.
 * Here each connection is told until it has taken it.
 * @param tell sends one peer our addresses; resolves when it has read them
 */
export function tellAddresses(host: TellingHost, clock: Clock, tell: (to: Connection) => Promise<void>): Disposer {
  const hearers = new Map<Connection, Hearer>()
  const inTurn = createLimiter(MAX_AT_ONCE)
  let addresses = addressesOf(host)
  let changes = 0
  let pauseMs = AGAIN_FIRST_MS
  let isStopped = false
  let next: { atMs: number; cancel: Disposer } | null = null

  const missing = () =>
    // There is no way to say that one is nowhere: an empty list is taken as no news.
    addresses === ''
      ? []
      : [...hearers].filter(([, hearer]) => hearer.listens && !hearer.isBeingTold && hearer.heard !== changes)

  function roundIn(delayMs: number): void {
    const atMs = clock.monotonicMs() + delayMs
    if (isStopped || (next && next.atMs <= atMs)) return
    next?.cancel()
    next = { atMs, cancel: clock.after(delayMs, () => void round()) }
  }

  async function round(): Promise<void> {
    next = null
    let hasFailed = false
    const told = changes
    const tellOne = async (connection: Connection, hearer: Hearer) => {
      hearer.isBeingTold = true
      try {
        await tell(connection)
        hearer.heard = told
      } catch {
        hasFailed = true
      } finally {
        hearer.isBeingTold = false
      }
    }
    await Promise.all(missing().map(([to, hearer]) => inTurn(() => tellOne(to, hearer), undefined)))
    if (missing().length === 0) return
    roundIn(hasFailed ? pauseMs : SETTLE_MS)
    if (hasFailed) pauseMs = Math.min(pauseMs * 2, AGAIN_MAX_MS)
  }

  function look(): void {
    const now = addressesOf(host)
    if (now === addresses) return
    addresses = now
    changes++
    pauseMs = AGAIN_FIRST_MS
    roundIn(SETTLE_MS)
  }

  // Who connects asks us where we are, and hears what is true from now on.
  const onOpen = ({ detail }: CustomEvent<Connection>) =>
    void hearers.set(detail, { heard: changes, listens: false, isBeingTold: false })
  const onClose = ({ detail }: CustomEvent<Connection>) => void hearers.delete(detail)
  const onIdentified = ({ detail: { connection, protocols } }: CustomEvent<IdentifyResult>) => {
    const hearer = hearers.get(connection)
    if (!hearer) return
    hearer.listens = protocols.includes(IDENTIFY_PUSH)
    if (missing().length > 0) roundIn(SETTLE_MS)
  }

  host.addEventListener('connection:open', onOpen)
  host.addEventListener('connection:close', onClose)
  host.addEventListener('peer:identify', onIdentified)
  // The second comes up to a second later than the first, and not at all where an address is lost and found meanwhile.
  host.addEventListener('transport:listening', look)
  host.addEventListener('self:peer:update', look)
  return () => {
    isStopped = true
    next?.cancel()
    host.removeEventListener('connection:open', onOpen)
    host.removeEventListener('connection:close', onClose)
    host.removeEventListener('peer:identify', onIdentified)
    host.removeEventListener('transport:listening', look)
    host.removeEventListener('self:peer:update', look)
  }
}

function addressesOf(host: Pick<Host, 'getMultiaddrs'>): string {
  return host.getMultiaddrs().map(String).sort().join(' ')
}

/** Sends a peer what identify would answer it now. Rejects unless it has read all of it within five seconds. */
export async function pushIdentify(host: Host, connection: Connection): Promise<void> {
  // The service's type leaves out what the object answers with, and the message has a signed part of its own.
  const { handleProtocol } = host.services.identify as {
    handleProtocol?(stream: Stream, connection: Connection): Promise<void>
  }
  if (!handleProtocol) throw new Error('this identify cannot be sent')
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const stream = await connection.newStream(IDENTIFY_PUSH, { signal, runOnLimitedConnection: true })
  const read = new Promise<void>((resolve, reject) => {
    stream.addEventListener('close', ({ error }) => (error ? reject(error) : resolve()), { once: true })
    signal.addEventListener('abort', () => stream.abort(new Error('it was not read in time')), { once: true })
  })
  await Promise.all([read, handleProtocol(stream, connection)])
}
