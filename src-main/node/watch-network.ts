import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { CoordinatorApi } from '../coordinator/coordinator-api'
import type { NetworkInfo } from '../coordinator/coordinator-wire'
import { isConnected } from '../network/bootstrap'
import type { Host } from '../network/host'
import { parsePeerAddresses } from '../network/peer-addresses'
import type { EventLog } from '../storage/event-log'
import type { CoordinatorStanding } from './coordinator-standing'
import type { BootstrapBook } from './join-network'
import { checkOwnAddress } from './own-address'
import type { PeerCache } from './peer-cache'

const INTERVAL_MS = 60_000
const LOCAL_INTERVAL_MS = 5_000

/**
 * Asks the coordinator every minute what its network is: new bootstrap peers are dialled without a restart (C-11), a
 * new quantization is told but changes nothing that runs (C-14), and what it says about this node is compared with
 * what is so (C-35). The peers that we are connected to are kept for a day without it (C-38).
 */
export function watchNetwork(options: {
  api: CoordinatorApi
  host: Host
  book: BootstrapBook
  cache: PeerCache
  standing: CoordinatorStanding
  workerId: string
  /** Who dialled us back at our own address, in words; null while nobody has. */
  dialledBackBy: () => string | null
  isLocal: boolean
  clock: Clock
  log: EventLog
}): { look(): Promise<void>; stop: Disposer } {
  const { api, host, book, cache, standing, clock, log } = options
  const stopped = new AbortController()
  let firstQuantization: string | null = null
  let looking: Promise<void> | null = null

  async function look(): Promise<void> {
    await cache.note(connectedAddresses(host), clock.now()).catch((error: unknown) => failed(error))
    const { value } = await api.networkInfo({ signal: stopped.signal })
    book.add(value.bootstrapPeers)
    standing.network({ quantization: value.quantization, recommendedSplit: value.targetWorkers })
    noticeQuantization(value)
    noticeOwnAddress(value)
    noticeRegistry(value)
  }

  function noticeQuantization({ quantization }: NetworkInfo): void {
    firstQuantization ??= quantization
    const isNew = quantization !== null && quantization !== firstQuantization
    standing.notice(
      'quantization',
      isNew
        ? {
            tone: 'note',
            text: `The network’s quantization is now ${quantization}. It applies to new assignments; what runs here stays ${firstQuantization}.`,
          }
        : null,
    )
  }

  function noticeOwnAddress({ listedPeers }: NetworkInfo): void {
    const addresses = host.getMultiaddrs().map(String)
    const verdict = checkOwnAddress(listedPeers, {
      peerId: host.peerId.toString(),
      workerId: options.workerId,
      addresses,
    })
    if (verdict.kind !== 'wrong') {
      standing.notice('own-address', null)
      return
    }
    const by = options.dialledBackBy()
    const reached = by === null ? 'Nobody has dialled you back yet' : `Dialled back at your own address by ${by}`
    standing.notice('own-address', { tone: 'warn', text: `${capital(verdict.mismatch)}. ${reached}.`.slice(0, 600) })
  }

  /** A coordinator by the document keeps a list of addresses and calls it a DHT; what counts is who answers (C-54). */
  function noticeRegistry({ listedPeers, namesBootstraps }: NetworkInfo): void {
    const { valid } = parsePeerAddresses(listedPeers)
    const dialled = valid.filter(({ peerId }) => isConnected(host, peerId)).length
    standing.notice(
      'registry',
      namesBootstraps
        ? null
        : {
            tone: 'note',
            text: `Coordinator peer list is a registry, not a DHT: ${dialled} of ${listedPeers.length} peers actually dialled.`,
          },
    )
  }

  function failed(error: unknown): void {
    if (!stopped.signal.aborted) log.write('debug', 'network.watch.failed', messageOf(error))
  }

  function lookOnce(): Promise<void> {
    looking ??= look()
      .catch(failed)
      .finally(() => {
        looking = null
      })
    return looking
  }
  void lookOnce()
  const stopTimer = clock.every(options.isLocal ? LOCAL_INTERVAL_MS : INTERVAL_MS, () => void lookOnce())
  return {
    look: lookOnce,
    stop() {
      stopped.abort()
      stopTimer()
    },
  }
}

/** Only connections that we opened: the address of an incoming one is not where that peer listens. */
function connectedAddresses(host: Host): string[] {
  return host
    .getConnections()
    .filter(({ direction, status }) => direction === 'outbound' && status === 'open')
    .map(({ remoteAddr, remotePeer }) => {
      const text = remoteAddr.toString()
      return text.includes('/p2p/') ? text : `${text}/p2p/${remotePeer.toString()}`
    })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
