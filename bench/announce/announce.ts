import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import * as z from 'zod'
import type { Announcement } from '../../src-main/announce/announcement'
import { createHivemindWriter } from '../../src-main/announce/hivemind-writer'
import { createKademliaWriter } from '../../src-main/announce/kademlia-writer'
import type { RecordWriter, WriteReport } from '../../src-main/announce/record-writer'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { createLimiter } from '../../src-main/hivemind/limiter'
import { encodeServerInfo } from '../../src-main/hivemind/server-info'
import { callUnary } from '../../src-main/hivemind/unary-client'
import { createKademliaRecords } from '../../src-main/kademlia/records'
import { dialBootstraps } from '../../src-main/network/bootstrap'
import { reachPeer, routingReady } from '../../src-main/network/find-peer'
import { createHost, type Host } from '../../src-main/network/host'
import { groupByPeer, parsePeerAddresses } from '../../src-main/network/peer-addresses'
import type { RecordForm } from '../../src-main/network/profiles'
import { systemClock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { type CalledChild, startCalledChild } from '../child-calls'
import { cpuMs } from '../cpu-time'
import { AddressesSchema } from '../network/dht-network'
import { BENCH_PROFILE, ECHO_PROTOCOL } from '../network/profile'
import { MODEL, serverInfo } from '../network/said'
import { type Row, rowOf, type Say } from '../report'
import { median, spread } from '../statistics'

/** With the announcing node itself, a network of 32. */
const OTHERS = 31
const BOOTSTRAPS = 3
/** As many as the DHT's own calls. */
const CALLS_AT_ONCE = 8
const ROUND_TIMEOUT_MS = 120_000
/**
 * In a row, because a single one of less than a tenth of a second runs on the caches that the Kademlia round before it
 * has just filled with other things, which of so many bare calls only the first few do.
 */
const HIVEMIND_ROUNDS = 4
/** As many as there are records in those rounds. */
const ECHOES = HIVEMIND_ROUNDS * (MODEL.blockCount + 1)

/**
 * Announcing rounds of a node that serves all 80 blocks of a model: look-ups, stores at the nearest and at every
 * bootstrap, and reading back from another peer. Beside it, one bare unary call a record, with as many bytes as one
 * record, over the same connections, and as many of them as records were announced in a row.
 */
export async function measureAnnounce(options: { repetitions?: number; quick: boolean; say: Say }): Promise<Row[]> {
  const { say } = options
  const rounds = options.repetitions ?? (options.quick ? 2 : 7)
  const network = startCalledChild('dht-network')
  try {
    const addresses = await network.call('start', { peers: OTHERS }, AddressesSchema)
    const node = await joinAs(addresses)
    try {
      const writers = writersOf(node)
      const echoes: Measured[] = []
      const done: Record<RecordForm, (Measured & Round)[]> = { hivemind: [], kademlia: [] }
      for (let round = 0; round <= rounds; round++) {
        const echo = await measured(network, () => callEchoes(node))
        const hivemind = await measured(network, () => announce(writers.hivemind, HIVEMIND_ROUNDS))
        const kademlia = await measured(network, () => announce(writers.kademlia, 1))
        const rates = [hivemind, kademlia].map(({ perSecond }) => perSecond.toFixed(0)).join(' and ')
        say(`round ${round} of ${rounds}: ${rates} records/s, ${echo.perSecond.toFixed(0)} echoes/s`)
        // The first round is compiled, not measured.
        if (round === 0) continue
        echoes.push(echo)
        done.hivemind.push(hivemind)
        done.kademlia.push(kademlia)
      }
      return (['hivemind', 'kademlia'] as const).map((form) => rowFor(form, done[form], echoes))
    } finally {
      await node.dht.stop()
      await node.host.stop()
    }
  } finally {
    await network.stop()
  }
}

function rowFor(form: RecordForm, rounds: readonly (Measured & Round)[], echoes: readonly Measured[]): Row {
  const failures = rounds.flatMap(({ failure }) => failure ?? [])
  const [last] = rounds.slice(-1)
  const kept = `${last?.report.total} records kept by ${last?.report.ackedBy.length} peers and read back`
  const cpu = (all: readonly Measured[]) => median(all.map(({ cpuMsEach }) => cpuMsEach)).toFixed(2)
  return rowOf(
    {
      name: `announce-${form}`,
      ours: median(rounds.map(({ perSecond }) => perSecond)),
      reference: median(echoes.map(({ perSecond }) => perSecond)),
      referenceIs: `one bare unary call a record, ${CALLS_AT_ONCE} at once, on the same connections`,
      unit: 'records/s',
      better: 'higher',
      target: form === 'hivemind' ? 0.5 : null,
      detail: [
        failures[0] ?? kept,
        `a round took ${spread(rounds.map(({ seconds, inARow }) => seconds / inARow))} s`,
        ...(form === 'hivemind'
          ? [
              `${HIVEMIND_ROUNDS} in a row beside ${ECHOES} bare calls; the first of each row by itself ${spread(rounds.map(({ firstPerSecond }) => firstPerSecond))} records/s`,
            ]
          : []),
        `processor time, both ends: ${cpu(rounds)} ms a record, ${cpu(echoes)} ms a bare call`,
        `${OTHERS + 1} nodes, ${BOOTSTRAPS} bootstraps`,
      ].join('; '),
    },
    failures.length === 0,
  )
}

interface Measured {
  seconds: number
  perSecond: number
  cpuMsEach: number
}

interface Round {
  /** Records of all rounds in the row. */
  count: number
  inARow: number
  /** Of the first round alone. */
  firstPerSecond: number
  /** Of the last round. */
  report: WriteReport
  /** Why it was not finished; null when it was. */
  failure: string | null
}

/** Time by the clock and by the processors, of this process and of the one with all the other peers. */
async function measured<T extends { count: number }>(
  network: CalledChild,
  work: () => Promise<T>,
): Promise<T & Measured> {
  const used = async () => cpuMs() + (await network.call('cpuMs', {}, z.number()))
  const before = await used()
  const startedAtMs = systemClock.monotonicMs()
  const done = await work()
  const seconds = (systemClock.monotonicMs() - startedAtMs) / 1000
  return { ...done, seconds, perSecond: done.count / seconds, cpuMsEach: ((await used()) - before) / done.count }
}

interface Node {
  host: Host
  dht: HivemindDht
  privateKey: PrivateKey
  bootstraps: PeerId[]
}

async function joinAs(addresses: readonly string[]): Promise<Node> {
  const privateKey = await generateKeyPair('Ed25519')
  const host = await createHost({ privateKey, profile: BENCH_PROFILE, port: 0, kadMode: 'server' })
  const { valid } = parsePeerAddresses(addresses.slice(0, BOOTSTRAPS))
  const bootstraps = valid.map(({ peerId }) => peerId)
  const dht = createHivemindDht({
    libp2p: host,
    clock: systemClock,
    mode: 'server',
    bootstrapPeers: () => bootstraps,
  })
  await dht.start()
  await dialBootstraps(host, groupByPeer(valid), systemClock)
  await routingReady(host, AbortSignal.timeout(ROUND_TIMEOUT_MS))
  await dht.bootstrap(bootstraps)
  return { host, dht, privateKey, bootstraps }
}

function writersOf({ host, dht, privateKey, bootstraps }: Node): Record<'hivemind' | 'kademlia', RecordWriter> {
  const common = { self: host.peerId, profile: BENCH_PROFILE, clock: systemClock }
  const records = createKademliaRecords({ host, clock: systemClock, privateKey })
  return {
    hivemind: createHivemindWriter({ ...common, dht, bootstraps: () => bootstraps }),
    kademlia: createKademliaWriter({ ...common, records, random: () => 0.5, isDhtClient: () => false }),
  }
}

/** A round that failed is a result too: it makes the row invalid and is named there. */
async function announce(writer: RecordWriter, inARow: number): Promise<Round> {
  const what = announcement()
  let count = 0
  let firstPerSecond: number | null = null
  let failure: string | null = null
  let rounds = 0
  let report: WriteReport
  do {
    report = { acknowledged: 0, total: 0, ackedBy: [], readBack: null }
    const options = { signal: AbortSignal.timeout(ROUND_TIMEOUT_MS), speaksForNode: true }
    const startedAtMs = systemClock.monotonicMs()
    await writer.write(what, what.info(), report, options).catch((error: unknown) => {
      failure ??= messageOf(error)
    })
    const seconds = (systemClock.monotonicMs() - startedAtMs) / 1000
    count += report.acknowledged
    firstPerSecond ??= report.acknowledged / seconds
    rounds += 1
  } while (rounds < inARow)
  return { count, inARow, firstPerSecond, report, failure }
}

/** Each to the next of the peers that we are connected to. */
async function callEchoes({ host, dht }: Node): Promise<{ count: number }> {
  const peers = dht.knownPeers()
  const payload = encodeServerInfo(announcement().info())
  const signal = AbortSignal.timeout(ROUND_TIMEOUT_MS)
  for (const peer of peers) await reachPeer(host, peer, signal)
  const limit = createLimiter(CALLS_AT_ONCE)
  await Promise.all(
    Array.from({ length: ECHOES }, (_, i) =>
      limit(async () => {
        const peer = peers[i % peers.length]
        if (peer) await callUnary(host, peer, ECHO_PROTOCOL, payload, { signal })
      }, signal),
    ),
  )
  return { count: ECHOES }
}

function announcement(): Announcement {
  const range = { start: 0, end: MODEL.blockCount }
  return { model: MODEL, range, info: () => serverInfo(range) }
}
