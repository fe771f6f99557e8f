import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { fitText } from '../../src-shared/shown-text'
import type { PeerSummary } from '../../src-shared/status'
import type { Host } from '../network/host'
import { coverageOf, type ServerSpan } from '../observe/model-servers'
import type { NetworkView } from '../observe/network-view'
import type { EventLog } from '../storage/event-log'
import { watchLocalRecords } from './local-records'

export interface PeerView {
  spans: ServerSpan[]
  peers: PeerSummary[]
  coverage: number[]
}

export const EMPTY_VIEW: PeerView = { spans: [], peers: [], coverage: [] }

/** Of a name that somebody gave himself in a record. */
const MAX_NAME_CHARS = 200
const MAX_QUANTIZATION_CHARS = 40
/** Ids of the others that say they serve. */
export function onlineServers({ peers }: PeerView): string[] {
  return peers.flatMap(({ peerId, isSelf, state }) => (!isSelf && state === 'online' ? [peerId] : []))
}

const READ_TIMEOUT_MS = 10_000

const INCOMPLETE_MS = 2_000
const COMPLETE_MS = 30_000

/**
 * Reads again and again what the DHT says about the servers of our model (S-02): every 2 s while shards are missing;
 * then slower and slower, up to 30 s, and within 2 s when one goes missing meanwhile.
 */
export function watchPeers(options: {
  host: Host
  records: NetworkView
  model: { dhtPrefix: string; blockCount: number }
  /** Whether every shard is there and loaded. */
  isComplete: () => boolean
  /** The longest pause; 30 s where nothing is said. */
  longestMs?: number | undefined
  /** Who serves, by the records that this node keeps; null where it keeps none. A change there is looked at at once. */
  local: (() => readonly ServerSpan[]) | null
  /** Where a peer is, by its address; absent: nobody is placed. */
  countryOf?: ((peer: PeerId) => Promise<string | null>) | undefined
  clock: Clock
  log: EventLog
  onView(view: PeerView): void
}): { refresh(): Promise<void>; stop: Disposer } {
  const { host, records, model, clock, log } = options
  const self = host.peerId.toString()
  let stopped = false

  function roundTripMs(peer: PeerId): number | null {
    // Measured now and then on the connection that is in use (network/watch-lines.ts).
    const [connection] = host.getConnections(peer)
    return connection?.rtt ?? null
  }

  async function countriesOf(spans: readonly ServerSpan[]): Promise<readonly (string | null)[]> {
    const { countryOf } = options
    return countryOf ? Promise.all(spans.map(({ peer }) => countryOf(peer))) : []
  }

  async function refresh(): Promise<void> {
    try {
      const { spans } = await records.readServers(model, AbortSignal.timeout(READ_TIMEOUT_MS))
      const countries = await countriesOf(spans)
      if (stopped) return
      const peers = spans.map(
        ({ peer, start, end, info }, index): PeerSummary => ({
          peerId: peer.toString(),
          publicName: info.publicName && fitText(info.publicName, MAX_NAME_CHARS),
          blocks: { start, end },
          state: info.state,
          roundTripMs: roundTripMs(peer),
          isSelf: peer.toString() === self,
          seenAt: clock.now(),
          ...(countries[index] ? { country: countries[index] } : {}),
          offers: {
            quantization: info.quantType && fitText(info.quantType, MAX_QUANTIZATION_CHARS),
            tokensPerSecond: info.inferenceRps,
            cacheTokensLeft: info.cacheTokensLeft,
            usesRelay: info.usingRelay,
          },
        }),
      )
      options.onView({ spans, peers, coverage: coverageOf(spans, model.blockCount) })
    } catch (error) {
      log.write('debug', 'peers.read.failed', messageOf(error))
    }
  }
  let cancelTimer: Disposer = () => undefined
  let pauseMs = INCOMPLETE_MS
  const loop = async () => {
    await refresh()
    pauseMs = options.isComplete() ? Math.min(options.longestMs ?? COMPLETE_MS, 2 * pauseMs) : INCOMPLETE_MS
    wait(pauseMs)
  }
  function wait(leftMs: number): void {
    if (stopped) return
    const nextMs = Math.min(leftMs, INCOMPLETE_MS)
    cancelTimer = clock.after(nextMs, () => {
      if (leftMs > nextMs && options.isComplete()) wait(leftMs - nextMs)
      else void loop()
    })
  }
  void loop()
  /** One reading at a time, and one more for all that changed meanwhile: readings that pile up help nobody. */
  let isReading = false
  let isStale = false
  async function readSoon(): Promise<void> {
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale && !stopped) {
      isStale = false
      await refresh()
    }
    isReading = false
  }
  const stopLocal = options.local && watchLocalRecords(options.local, clock, () => void readSoon())
  return {
    refresh,
    stop() {
      stopped = true
      cancelTimer()
      stopLocal?.()
    },
  }
}
