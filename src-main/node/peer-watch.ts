import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { fitText } from '../../src-shared/shown-text'
import type { PeerSummary } from '../../src-shared/status'
import type { FoundValue } from '../hivemind/found-value'
import type { Host } from '../network/host'
import { coverageOf, type ServerSpan } from '../observe/model-servers'
import type { NetworkView } from '../observe/network-view'
import type { EventLog } from '../storage/event-log'
import { inTurns } from './in-turns'
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

const NOTHING: ReadonlyMap<string, FoundValue> = new Map()
const INCOMPLETE_MS = 2_000
const COMPLETE_MS = 30_000
/** Where peers or this computer are busy a look takes long, and looking more often would make it longer. */
const SLOW_SHARE = 4
const MAX_SLOW_PAUSE_MS = 8_000

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
  /**
   * Who serves, by the records that this node keeps and those that were found before; null where it keeps none. What
   * changes there is shown at once, and nobody is asked.
   */
  local: ((known: ReadonlyMap<string, FoundValue>) => ServerSpan[]) | null
  /** Where a peer is, by its address; absent: nobody is placed. */
  countryOf?: ((peer: PeerId) => Promise<string | null>) | undefined
  clock: Clock
  log: EventLog
  onView(view: PeerView): void
}): { refresh(): Promise<void>; stop: Disposer } {
  const { host, records, model, clock, log } = options
  const self = host.peerId.toString()
  let stopped = false
  /** What the last look at the network found; null: there was none yet. */
  let known: ReadonlyMap<string, FoundValue> | null = null
  let lookedAtMs = 0
  let leastPauseMs = 0

  function roundTripMs(peer: PeerId): number | null {
    // Measured now and then on the connection that is in use (network/watch-lines.ts).
    const [connection] = host.getConnections(peer)
    return connection?.rtt ?? null
  }

  async function countriesOf(spans: readonly ServerSpan[]): Promise<readonly (string | null)[]> {
    const { countryOf } = options
    return countryOf ? Promise.all(spans.map(({ peer }) => countryOf(peer))) : []
  }

  async function show(spans: ServerSpan[]): Promise<void> {
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
  }

  /** A question to every peer near the model's keys: the dearest thing that a node does again and again. */
  const refresh = inTurns(async () => {
    const startedMs = clock.monotonicMs()
    try {
      const { spans, found } = await records.readServers(model, AbortSignal.timeout(READ_TIMEOUT_MS))
      known = found ?? NOTHING
      // What has come here meanwhile is later than the answers.
      await show(options.local && found ? options.local(found) : spans)
    } catch (error) {
      log.write('debug', 'peers.read.failed', messageOf(error))
    }
    lookedAtMs = clock.monotonicMs()
    leastPauseMs = Math.min(MAX_SLOW_PAUSE_MS, SLOW_SHARE * (lookedAtMs - startedMs))
  })
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
      // Somebody else may have had it looked at meanwhile.
      const earlyMs = lookedAtMs + Math.max(nextMs, leastPauseMs) - clock.monotonicMs()
      if (leftMs > nextMs && options.isComplete()) wait(leftMs - nextMs)
      else if (earlyMs > 0) wait(earlyMs)
      else void loop()
    })
  }
  void loop()
  const { local } = options
  const showLocal = inTurns(async () => {
    // Before the first look it would be taken for all that there is.
    if (local && known) await show(local(known))
  })
  const stopLocal =
    local &&
    watchLocalRecords(
      () => local(NOTHING),
      clock,
      () => void showLocal(),
    )
  return {
    refresh,
    stop() {
      stopped = true
      cancelTimer()
      stopLocal?.()
    },
  }
}
