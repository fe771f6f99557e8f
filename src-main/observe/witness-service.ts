import type { PeerId, PrivateKey } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { FoundValue, HivemindDht } from '../hivemind/dht'
import { createKademliaRecords, isToldByOthers } from '../kademlia/records'
import type { Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
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
const ALIVE_TIMEOUT_MS = 2_000
const MAX_AT_ONCE = 4
const MAX_CACHED = 1_000
const MAX_THIRD_PARTIES = 4
/** Asked for the subject's addresses, one after the other. */
const MAX_VIAS = 2
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

  /** No one of them has to have all: in a large network each keeps the records that it is near to. */
  async function readHivemind(
    subject: PeerId,
    keys: string[],
    thirds: PeerId[],
    signal: AbortSignal,
  ): Promise<FormFindings['records']> {
    const found = new Map<string, number>()
    const failures: string[] = []
    const readers: string[] = []
    async function read(from: PeerId | null, work: () => Promise<Map<string, FoundValue>>): Promise<void> {
      try {
        const live = liveOf(await work(), subject)
        for (const [key, expirationS] of live) found.set(key, Math.max(expirationS, found.get(key) ?? 0))
        if (live.size > 0 && from) readers.push(from.toString())
        else if (from) failures.push(`${from} has none of ${keys.length} records`)
      } catch (error) {
        if (from) failures.push(`${from} (${messageOf(error)})`)
      }
    }
    for (const third of thirds) {
      if (found.size < keys.length) await read(third, () => dht.findAt(third, keys, { signal }))
    }
    const missing = keys.filter((key) => !found.has(key))
    if (readers.length > 0 && missing.length > 0) await read(null, () => dht.getWithout(subject, missing, { signal }))
    // Without a third peer our own store is the only other place there is; the verdict says so.
    if (readers.length === 0) await read(host.peerId, async () => dht.readLocal(keys))
    const [readFrom] = readers
    if (readFrom === undefined) return notOk(failures.join('; '))
    const expiresAt = Math.min(...found.values()) * 1000
    return { ok: true, readFrom, found: found.size, asked: keys.length, expiresAt }
  }

  /** Keys under which the subject has a record that has not expired, with when it does, in seconds. */
  function liveOf(values: ReadonlyMap<string, FoundValue>, subject: PeerId): Map<string, number> {
    const live = new Map<string, number>()
    for (const [key, value] of values) {
      const entry = value.kind === 'dictionary' ? value.entries.get(subject.toString()) : undefined
      if (entry && entry.expirationS * 1000 > clock.now()) live.set(key, entry.expirationS)
    }
    return live
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

  /** Through third peers that are there: one that has left is our problem and not the subject's. */
  async function meet(subject: PeerId, thirds: PeerId[], forms: RecordForm[], signal: AbortSignal) {
    const there = await Promise.all(thirds.map((third) => isAlive(third, signal)))
    const alive = thirds.filter((_, index) => there[index]).slice(0, MAX_VIAS)
    const vias = await Promise.all(alive.map(async (peerId) => ({ peerId, addresses: await addressesOf(peerId) })))
    const own = { peerId: host.peerId, addresses: host.getMultiaddrs() }
    return dialBack({ subject, vias, own, forms, profile, clock, signal, timeoutMs: LOOK_TIMEOUT_MS })
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
    const info = await knownPeer(host, peer)
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
