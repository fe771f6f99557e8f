import type { PeerId, PrivateKey } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import { createKademliaRecords, isToldByOthers } from '../kademlia/records'
import type { Host } from '../network/host'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import type { EventLog } from '../storage/event-log'
import { dialBack, notOk } from './dial-back'
import {
  decodeRequest,
  type FormFindings,
  MAX_WITNESS_BYTES,
  signVerdict,
  type Verdict,
  WITNESS_PROTOCOL,
  type WitnessRequest,
} from './witness-wire'

const REQUEST_TIMEOUT_MS = 5_000
const LOOK_TIMEOUT_MS = 12_000
/** To get to one of the peers that may be asked for a subject's addresses. */
const VIA_TIMEOUT_MS = 4_000
const ALIVE_TIMEOUT_MS = 2_000
const MAX_AT_ONCE = 4
const MAX_CACHED = 1_000
const MAX_THIRD_PARTIES = 4
const KADEMLIA_SAMPLE = 4

type Findings = Omit<Verdict, 'v' | 'witness' | 'subject' | 'nonce'>

/**
 * Answers peers that ask how they look from here. Only ever about the peer that asks (whoever it is, by its
 * connection), at most one look per peer and cache time, and at most a few at once: it can't be used to make us
 * dial somebody else.
 */
export function createWitnessService(options: {
  host: Host
  dht: HivemindDht
  privateKey: PrivateKey
  profile: NetworkProfile
  clock: Clock
  log: EventLog
}) {
  const { host, dht, clock, log, profile } = options
  const kademlia = createKademliaRecords({ host, clock, privateKey: null })
  const cache = new Map<string, { keys: string; findings: Promise<Findings>; atMs: number }>()
  let looking = 0

  async function look(subject: PeerId, request: WitnessRequest): Promise<Findings> {
    if (looking >= MAX_AT_ONCE) throw new EspalierError('SESSION_LIMIT', 'this witness is busy')
    looking++
    try {
      const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS)
      const thirds = await thirdParties(subject)
      const forms = [...new Set(request.forms)]
      const [records, { calls, ...meeting }] = await Promise.all([
        Promise.all(forms.map((form) => readRecords[form](subject, request.keys, thirds, signal))),
        meet(subject, thirds, forms, signal),
      ])
      return {
        at: clock.now(),
        forms: forms.map((form, i) => ({
          form,
          records: records[i] ?? notOk('not read'),
          call: calls.get(form) ?? notOk('not dialled'),
        })),
        ...meeting,
      }
    } finally {
      looking--
    }
  }

  /** Peers that are neither the subject nor us, and that answer: connected ones first. */
  async function thirdParties(subject: PeerId): Promise<PeerId[]> {
    const known = new Map<string, PeerId>()
    for (const peer of [...host.getPeers(), ...dht.knownPeers()]) {
      if (!peer.equals(subject) && !peer.equals(host.peerId)) known.set(peer.toString(), peer)
    }
    const serving: PeerId[] = []
    for (const peer of known.values()) {
      if (serving.length === MAX_THIRD_PARTIES) break
      const addresses = await addressesOf(peer)
      if (addresses.length > 0) serving.push(peer)
    }
    return serving
  }

  const readRecords = { hivemind: readHivemind, kademlia: readKademlia }

  async function readHivemind(
    subject: PeerId,
    keys: string[],
    thirds: PeerId[],
    signal: AbortSignal,
  ): Promise<FormFindings['records']> {
    const failures: string[] = []
    // Without a third peer our own store is the only other place there is; the verdict says so.
    for (const reader of [...thirds, host.peerId]) {
      try {
        const values = reader.equals(host.peerId) ? dht.readLocal(keys) : await dht.findAt(reader, keys, { signal })
        const expirations = keys.map((key) => {
          const value = values.get(key)
          return value?.kind === 'dictionary' ? (value.entries.get(subject.toString())?.expirationS ?? 0) : 0
        })
        const live = expirations.filter((expirationS) => expirationS * 1000 > clock.now())
        if (live.length > 0) {
          return {
            ok: true,
            readFrom: reader.toString(),
            found: live.length,
            asked: keys.length,
            expiresAt: Math.min(...live) * 1000,
          }
        }
        failures.push(`${reader} has none of ${keys.length} records`)
      } catch (error) {
        failures.push(`${reader} (${messageOf(error)})`)
      }
    }
    return notOk(failures.join('; '))
  }

  /** A query already asks other peers, and costs as much as a whole batch of the other form: a sample must do. */
  async function readKademlia(
    subject: PeerId,
    keys: string[],
    _: PeerId[],
    signal: AbortSignal,
  ): Promise<FormFindings['records']> {
    const step = Math.max(1, Math.ceil(keys.length / KADEMLIA_SAMPLE))
    const sample = keys.filter((_, i) => i % step === 0)
    try {
      const found = await Promise.all(
        sample.map(async (key) => {
          const [value, providers] = await Promise.all([
            kademlia.find(key, subject, signal),
            kademlia.findProviders(key, signal),
          ])
          const from = value?.from.find((peer) => !peer.equals(subject))
          // What the subject says about itself is what is being judged.
          return value && from && isToldByOthers(providers, subject)
            ? { from, expiresAt: value.record.expiresAt }
            : null
        }),
      )
      const good = found.filter((entry) => entry !== null)
      const [first] = good
      if (!first) return notOk(`no other peer has both value and provider record of ${sample.length} blocks`)
      return {
        ok: true,
        readFrom: first.from.toString(),
        found: good.length,
        asked: sample.length,
        expiresAt: Math.min(...good.map(({ expiresAt }) => expiresAt)),
      }
    } catch (error) {
      return notOk(error)
    }
  }

  async function meet(subject: PeerId, thirds: PeerId[], forms: RecordForm[], signal: AbortSignal) {
    for (const third of thirds) {
      // A third peer that has left is our problem and not the subject's.
      if (!(await isAlive(third, signal))) continue
      const via = { peerId: third, addresses: await addressesOf(third) }
      const found = await dialBack({ subject, via, viaTimeoutMs: VIA_TIMEOUT_MS, forms, profile, clock, signal })
      if (found) return found
    }
    const via = { peerId: host.peerId, addresses: host.getMultiaddrs() }
    const found = await dialBack({ subject, via, forms, profile, clock, signal })
    if (!found) throw new EspalierError('PEER_UNREACHABLE', 'nobody whom a stranger could ask for its addresses')
    return found
  }

  async function isAlive(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    try {
      await host.services.ping.ping(peer, { signal: AbortSignal.any([signal, AbortSignal.timeout(ALIVE_TIMEOUT_MS)]) })
      return true
    } catch {
      return false
    }
  }

  async function addressesOf(peer: PeerId): Promise<Multiaddr[]> {
    const info = await host.peerStore.get(peer).catch(() => null)
    return info?.addresses.map(({ multiaddr: address }) => multiaddr(address.toString())) ?? []
  }

  function findingsFor(subject: PeerId, request: WitnessRequest): Promise<Findings> {
    const id = subject.toString()
    const keys = [...request.forms, ...request.keys].join('\n')
    const cached = cache.get(id)
    if (cached && cached.keys === keys && clock.monotonicMs() - cached.atMs < profile.timings.witnessCacheMs)
      return cached.findings
    if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value ?? '')
    const findings = look(subject, request)
    cache.set(id, { keys, findings, atMs: clock.monotonicMs() })
    findings.catch(() => cache.delete(id))
    return findings
  }

  async function answer(subject: PeerId, request: WitnessRequest): Promise<Uint8Array> {
    const findings = await findingsFor(subject, request)
    const verdict: Verdict = {
      v: 1,
      witness: host.peerId.toString(),
      subject: subject.toString(),
      nonce: request.nonce,
      ...findings,
    }
    return signVerdict(verdict, options.privateKey)
  }

  return {
    async start(): Promise<void> {
      await host.handle(
        WITNESS_PROTOCOL,
        async (stream, connection) => {
          try {
            const lp = lpStream(stream, { maxDataLength: MAX_WITNESS_BYTES })
            const request = decodeRequest(
              (await lp.read({ signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })).subarray(),
            )
            await lp.write(await answer(connection.remotePeer, request))
            await stream.close()
          } catch (error) {
            log.write('debug', 'witness.refused', messageOf(error), { peer: connection.remotePeer.toString() })
            stream.abort(error instanceof Error ? error : new Error(messageOf(error)))
          }
        },
        { runOnLimitedConnection: true, maxInboundStreams: 8 },
      )
    },
    stop: (): Promise<void> => host.unhandle(WITNESS_PROTOCOL),
  }
}
