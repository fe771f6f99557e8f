import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { connect, loopbackHost } from '../../test/loopback-host'
import type { Host } from '../network/host'
import { PROFILES } from '../network/profiles'
import { createHivemindDht, type FoundValue, type HivemindDht, type HivemindDhtOptions } from './dht'
import { dhtIdOf, randomDhtId } from './dht-id'
import { nextExpirationS } from './expiration'
import { DICTIONARY_SUBKEY } from './hand-over'
import {
  decodeFindResponse,
  decodePingResponse,
  decodeStoreResponse,
  encodeFindRequest,
  encodePingRequest,
  encodePingResponse,
  encodeStoreRequest,
} from './messages'
import { MODELS_KEY } from './model-index'
import { DictionaryValue, encodeMsgpack, float, msgpackMap } from './msgpack'
import { RPC_FIND, RPC_PING, RPC_STORE } from './protocols'
import { callRpcInfo, serveRpcInfo } from './rpc-info'
import { storeRulesOf } from './store-rules'
import { callUnary } from './unary-client'
import { serveUnary } from './unary-server'

interface Node {
  host: Host
  dht: HivemindDht
}

const nodes: Node[] = []
afterEach(async () => {
  for (const { dht, host } of nodes.splice(0)) {
    await dht.stop()
    await host.stop()
  }
})

async function startNode(options: Partial<HivemindDhtOptions> = {}): Promise<Node> {
  const host = await loopbackHost()
  const dht = createHivemindDht({ libp2p: host, clock: systemClock, mode: 'server', ...options })
  await dht.start()
  const node = { host, dht }
  nodes.push(node)
  return node
}

/** `count` nodes that all joined through the first. */
async function startSwarm(count: number): Promise<Node[]> {
  const swarm: Node[] = []
  for (let index = 0; index < count; index++) swarm.push(await startNode())
  for (const node of swarm) {
    for (const other of swarm)
      if (node.host.peerId.toString() < other.host.peerId.toString()) await connect(node.host, other.host)
  }
  const [first] = swarm
  for (const { dht } of swarm.slice(1)) {
    const outcomes = await dht.bootstrap([first!.host.peerId])
    expect(outcomes).toMatchObject([{ ok: true, available: true }])
  }
  return swarm
}

const within = () => ({ signal: AbortSignal.timeout(20_000) })
const inS = (seconds: number) => Date.now() / 1000 + seconds
const value = (number: number) => encodeMsgpack(number)

async function until(check: () => boolean): Promise<void> {
  const endsAt = Date.now() + 20_000
  while (!check()) {
    if (Date.now() > endsAt) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('M-30: a swarm of six', () => {
  test('a batch of records is stored at other peers, read back from one of them, and found by a stranger', async () => {
    const swarm = await startSwarm(6)
    const [first, writer] = swarm as [Node, Node]
    const self = writer.host.peerId
    const expirationS = nextExpirationS(systemClock, 60_000, null)
    const keys = [0, 1, 2, 3].map((block) => `Tiny-Jargon-8.${block}`)
    const records = keys.map((key) => ({ key, subkey: self.toString(), value: value(7), expirationS }))
    const report = await writer.dht.store(records, { alsoTo: [first.host.peerId], ...within() })

    for (const { ackedBy, refusedBy, failed } of report) {
      expect(ackedBy.length).toBeGreaterThanOrEqual(4)
      expect(ackedBy.some((peer) => peer.equals(self))).toBe(false)
      expect(ackedBy.some((peer) => peer.equals(first.host.peerId))).toBe(true)
      expect([...refusedBy, ...failed]).toEqual([])
    }
    const readBack = await writer.dht.findAt(report[0]!.ackedBy[0]!, keys, within())
    expect([...readBack.keys()]).toEqual(keys)
    const found = readBack.get(keys[0]!)
    expect(found?.kind === 'dictionary' && found.entries.get(self.toString())).toEqual({ value: value(7), expirationS })

    const stranger = await startNode({ mode: 'client', bootstrapPeers: () => [first.host.peerId] })
    for (const { host } of swarm) await connect(stranger.host, host)
    const values = await stranger.dht.get([...keys, 'Tiny-Jargon-8.4'], within())
    expect([...values.keys()]).toEqual(keys)
    // A reader that does not serve the DHT is in nobody's table, and keeps nothing.
    expect(swarm.some(({ dht }) => dht.knownPeers().some((peer) => peer.equals(stranger.host.peerId)))).toBe(false)
    expect(stranger.dht.readLocal(keys).size).toBe(0)

    // What the look-up of a store has found can stop it before anything is written.
    const seen: (string | undefined)[] = []
    const stopped = stranger.dht.store([{ ...records[0]!, subkey: 'another' }], {
      ...within(),
      check: {
        key: keys[0]!,
        judge(found) {
          seen.push(found?.kind)
          throw new EspalierError('RECORD_INVALID')
        },
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'RECORD_INVALID' })
    expect(seen).toEqual(['dictionary'])
    const after = (await writer.dht.findAt(report[0]!.ackedBy[0]!, keys, within())).get(keys[0]!)
    expect(after?.kind === 'dictionary' && [...after.entries.keys()]).toEqual([self.toString()])
  })

  test('what a store looks at before it writes is asked of those who keep it, among many other records', async () => {
    const swarm = await startSwarm(16)
    const [, first, second] = swarm as [Node, Node, Node]
    const keys = Array.from({ length: 30 }, (_, i) => `Watched.${i}`)
    const recordsOf = (subkey: string) => keys.map((key) => ({ key, subkey, value: value(1), expirationS: inS(60) }))
    await first.dht.store(recordsOf('first'), within())
    // From here on it knows where they lie, and only has it confirmed.
    await second.dht.get(keys, within())
    for (const key of keys.slice(0, 10)) {
      const seen: (FoundValue | null)[] = []
      await second.dht.store(recordsOf('second'), {
        ...within(),
        check: { key, judge: (found) => void seen.push(found) },
      })
      expect(seen.map((found) => found?.kind === 'dictionary' && found.entries.has('first'))).toEqual([true])
    }
  })

  test('records of several writers meet in one dictionary, the later expiration of each stays', async () => {
    const swarm = await startSwarm(5)
    const [, a, b, reader] = swarm as [Node, Node, Node, Node]
    const store = (node: Node, subkey: string, number: number, expirationS: number) =>
      node.dht.store([{ key: 'k.0', subkey, value: value(number), expirationS }], within())
    const soonS = inS(60)
    await store(a, 'a', 1, soonS)
    await store(b, 'b', 2, soonS + 1)
    await store(a, 'a', 3, soonS + 2)
    const found = (await reader.dht.get(['k.0'], within())).get('k.0')
    expect(found).toMatchObject({ kind: 'dictionary', expirationS: soonS + 2 })
    expect(found?.kind === 'dictionary' && found.entries.get('a')?.value).toEqual(value(3))
    expect(found?.kind === 'dictionary' && found.entries.get('b')?.value).toEqual(value(2))
  })

  test('an equal expiration is refused, a later one is accepted, and a past one is not', async () => {
    const [, a] = (await startSwarm(5)) as [Node, Node]
    const expirationS = inS(60)
    const store = (at: number) => a.dht.store([{ key: 'k.0', subkey: 'a', value: value(1), expirationS: at }], within())
    expect((await store(expirationS))[0]!.ackedBy).toHaveLength(4)
    const again = (await store(expirationS))[0]!
    expect([again.ackedBy.length, again.refusedBy.length]).toEqual([0, 4])
    expect((await store(nextExpirationS(systemClock, 60_000, expirationS)))[0]!.ackedBy).toHaveLength(4)
    expect((await store(inS(-1)))[0]!.refusedBy).toHaveLength(4)
  })

  test('a record is gone once it has expired', async () => {
    const [, a, b] = (await startSwarm(5)) as [Node, Node, Node]
    await a.dht.store([{ key: 'k.0', subkey: 'a', value: value(1), expirationS: inS(1.5) }], within())
    expect((await b.dht.get(['k.0'], within())).size).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_700))
    expect((await b.dht.get(['k.0'], within())).size).toBe(0)
  })

  test('a regular value and values given as objects', async () => {
    const [, a, b] = (await startSwarm(5)) as [Node, Node, Node]
    const record = { key: 'plain', subkey: null, value: msgpackMap({ rate: float(10) }), expirationS: inS(60) }
    await a.dht.store([record], within())
    const found = (await b.dht.get(['plain'], within())).get('plain')
    expect(found).toEqual({ kind: 'regular', value: encodeMsgpack(record.value), expirationS: record.expirationS })
  })

  test('peers that are gone are left out, reported, and left alone for a while', async () => {
    const swarm = await startSwarm(5)
    const [, writer, gone] = swarm as [Node, Node, Node]
    await gone.host.stop()
    const expirationS = inS(60)
    const record = { key: 'k.0', subkey: 'a', value: value(1), expirationS }
    const [report] = await writer.dht.store([record], { alsoTo: [gone.host.peerId], ...within() })
    expect(report!.ackedBy).toHaveLength(3)
    expect(report!.failed.map(({ peer }) => peer.toString())).toEqual([gone.host.peerId.toString()])
    expect(writer.dht.knownPeers().some((peer) => peer.equals(gone.host.peerId))).toBe(false)
    // Others still name it as a neighbour; the search does not go there.
    const walked = await writer.dht.randomWalk(within())
    expect(walked.some((peer) => peer.equals(gone.host.peerId))).toBe(false)
    expect(walked).toHaveLength(3)
  })

  test('who writes a key again asks two of its keepers, and finds another when one of them has gone', async () => {
    const swarm = await startSwarm(4)
    let sent = 0
    const counters = { count: (event: string) => void (event === 'rpc.sent' && sent++) }
    const writer = await startNode({ replicas: 2, counters })
    for (const { host } of swarm) await connect(writer.host, host)
    await writer.dht.bootstrap([swarm[0]!.host.peerId], within())
    expect(writer.dht.knownPeers()).toHaveLength(4)
    const store = async (expirationS: number) => {
      sent = 0
      const record = { key: 'k.0', subkey: 'a', value: value(1), expirationS }
      const [report] = await writer.dht.store([record], within())
      return { sent, ackedBy: report!.ackedBy.map(String).sort() }
    }
    const first = await store(inS(60))
    expect(first).toMatchObject({ sent: 4 + 2, ackedBy: { length: 2 } })
    expect(await store(inS(61))).toEqual({ sent: 2 + 2, ackedBy: first.ackedBy })
    // Who has just read a key knows where it lies.
    await writer.dht.get(['other'], within())
    sent = 0
    await writer.dht.store([{ key: 'other', subkey: 'a', value: value(1), expirationS: inS(60) }], within())
    expect(sent).toBe(2 + 2)
    const keeper = swarm.find(({ host }) => host.peerId.toString() === first.ackedBy[0])!
    await keeper.host.stop()
    const { ackedBy } = await store(inS(62))
    expect(ackedBy).toHaveLength(2)
    expect(ackedBy).not.toContain(first.ackedBy[0])
  })

  test('a node that joins later is handed the records that it should keep', async () => {
    const [first, writer] = (await startSwarm(2)) as [Node, Node]
    const key = 'k.0'
    await writer.dht.store([{ key, subkey: 'a', value: value(1), expirationS: inS(60) }], within())
    // At the place of the key itself, so that nobody is nearer.
    const newcomer = await startNode({ nodeId: dhtIdOf(key) })
    await connect(newcomer.host, first.host)
    await connect(newcomer.host, writer.host)
    await newcomer.dht.bootstrap([first.host.peerId], within())
    await until(() => newcomer.dht.readLocal([key]).size === 1)
  })

  test('without any known peer the bootstraps are asked, and nobody at all is no error', async () => {
    const [first, other] = (await startSwarm(2)) as [Node, Node]
    await other.dht.store([{ key: 'k.0', subkey: 'a', value: value(1), expirationS: inS(60) }], within())
    const late = await startNode({ mode: 'client', bootstrapPeers: () => [first.host.peerId] })
    await connect(late.host, first.host)
    expect((await late.dht.get(['k.0'], within())).size).toBe(1)

    const alone = await startNode({ mode: 'client' })
    expect((await alone.dht.get(['k.0'], within())).size).toBe(0)
    const report = await alone.dht.store([{ key: 'k.0', subkey: 'a', value: value(1), expirationS: inS(60) }], within())
    expect(report).toMatchObject([{ ackedBy: [], refusedBy: [], failed: [] }])
  })

  test('a peer that is not one of the DHT is an outcome, not an exception', async () => {
    const node = await startNode()
    const plain = await loopbackHost()
    try {
      await connect(node.host, plain)
      const outcomes = await node.dht.bootstrap([plain.peerId, node.host.peerId], within())
      expect(outcomes).toMatchObject([{ ok: false, error: { code: 'PROTOCOL_UNSUPPORTED' } }])
    } finally {
      await plain.stop()
    }
  })
})

describe('ping', () => {
  test('validates by calling back, and measures the clock of the other side (D-T05)', async () => {
    const fast: Clock = { ...systemClock, now: () => systemClock.now() + 30_000 }
    const [a, b] = [await startNode(), await startNode({ clock: fast })] as [Node, Node]
    await connect(a.host, b.host)
    const report = await a.dht.ping(b.host.peerId, { validate: true, ...within() })
    expect(report.available).toBe(true)
    expect(report.nodeId).toEqual(b.dht.nodeId)
    expect(report.clockOffsetS).toBeGreaterThan(29)
    expect(report.clockOffsetS).toBeLessThan(31)
    const same = await b.dht.ping(b.host.peerId, within()).catch(() => null)
    expect(same).toBeNull()
  })

  test('only who answers a call-back under the claimed node id becomes a member', async () => {
    const [server, caller] = [await startNode(), await startNode({ mode: 'client' })] as [Node, Node]
    await connect(caller.host, server.host)
    const claimed = randomDhtId()
    let answered: Uint8Array = new Uint8Array(0)
    await serveUnary(
      caller.host,
      RPC_PING,
      () => encodePingResponse({ node: answered, dhtTimeS: 0, available: false }),
      { clock: systemClock },
    )
    const claim = async () => {
      const request = encodePingRequest({ node: claimed, validate: true })
      return decodePingResponse(await callUnary(caller.host, server.host.peerId, RPC_PING, request, within())).available
    }
    expect(await claim()).toBe(false)
    expect(server.dht.knownPeers()).toEqual([])
    answered = claimed
    expect(await claim()).toBe(true)
    expect(server.dht.knownPeers().map(String)).toEqual([caller.host.peerId.toString()])
  })

  test('stopping ends a call under way', async () => {
    const [node, silent] = [await startNode(), await startNode({ mode: 'client' })] as [Node, Node]
    await connect(node.host, silent.host)
    await serveUnary(silent.host, RPC_PING, () => new Promise<Uint8Array>(() => undefined), { clock: systemClock })
    const call = node.dht.ping(silent.host.peerId).catch((error: { code: string }) => error.code)
    await node.dht.stop()
    expect(await call).toBe('CANCELLED')
  })
})

describe('a server and strangers', () => {
  const node20 = randomDhtId()

  async function pair(): Promise<{ server: Node; stranger: Node }> {
    const [server, stranger] = [await startNode(), await startNode({ mode: 'client' })] as [Node, Node]
    await connect(stranger.host, server.host)
    return { server, stranger }
  }

  test.each<[string, Uint8Array, string]>([
    ['garbage', Uint8Array.of(0xff, 0xff), RPC_STORE],
    ['garbage', Uint8Array.of(0xff, 0xff), RPC_FIND],
    ['a key of 21 bytes', encodeFindRequest({ node: node20, keys: [new Uint8Array(21)] }), RPC_FIND],
    [
      'a subkey that is no MessagePack',
      encodeStoreRequest({
        node: node20,
        items: [
          { key: dhtIdOf('good'), subkey: encodeMsgpack('a'), value: value(1), expirationS: inS(60), inCache: false },
          { key: dhtIdOf('bad'), subkey: Uint8Array.of(0xc1), value: value(1), expirationS: inS(60), inCache: false },
        ],
      }),
      RPC_STORE,
    ],
  ])('%s is answered with an error and leaves nothing behind', async (_name, request, protocol) => {
    const { server, stranger } = await pair()
    await expect(callUnary(stranger.host, server.host.peerId, protocol, request, within())).rejects.toEqual(
      expect.objectContaining({ code: 'REMOTE_ERROR' }),
    )
    expect(server.dht.readLocal(['good', 'bad']).size).toBe(0)
    expect((await stranger.dht.ping(server.host.peerId, within())).nodeId).toEqual(server.dht.nodeId)
  })

  test('a subkey that is not text is refused: it would make Python readers fail on the whole dictionary', async () => {
    const { server, stranger } = await pair()
    const item = { key: dhtIdOf('k.0'), value: value(1), expirationS: inS(60), inCache: false }
    const subkeys = [encodeMsgpack(new Uint8Array([1])), encodeMsgpack(5), encodeMsgpack('a')]
    const request = encodeStoreRequest({
      node: new Uint8Array(0),
      items: subkeys.map((subkey) => ({ ...item, subkey })),
    })
    const reply = await callUnary(stranger.host, server.host.peerId, RPC_STORE, request, within())
    expect(decodeStoreResponse(reply).storeOk).toEqual([false, false, true])
  })

  test('cached records are served, too', async () => {
    const { server, stranger } = await pair()
    const items = [
      { key: dhtIdOf('k.0'), subkey: encodeMsgpack('a'), value: value(1), expirationS: inS(60), inCache: true },
    ]
    const request = encodeStoreRequest({ node: new Uint8Array(0), items })
    await callUnary(stranger.host, server.host.peerId, RPC_STORE, request, within())
    expect((await stranger.dht.findAt(server.host.peerId, ['k.0'], within())).size).toBe(1)
  })

  test('in our own networks an entry under a peer id is that peer’s, and no regular value hides servers', async () => {
    const rules = storeRulesOf(PROFILES.espalier)
    const [server, honest, stranger] = [
      await startNode({ rules }),
      await startNode({ mode: 'client' }),
      await startNode({ mode: 'client' }),
    ] as [Node, Node, Node]
    for (const { host } of [honest, stranger]) await connect(host, server.host)
    const name = honest.host.peerId.toString()
    const put = (node: Node, key: string, subkey: string | null, livesS: number, number = 1) =>
      node.dht
        .storeAt(server.host.peerId, [{ key, subkey, value: value(number), expirationS: inS(livesS) }], within())
        .then(([isKept]) => isKept)
    const day = 80_000
    expect(await put(stranger, 'm.0', name, day)).toBe(false)
    expect(await put(stranger, 'm.0', null, day)).toBe(true)
    expect(await put(honest, 'm.0', name, 360, 2)).toBe(true)
    expect(await put(stranger, 'm.0', null, day)).toBe(false)
    expect(await put(stranger, MODELS_KEY, null, day)).toBe(false)
    expect(await put(honest, MODELS_KEY, 'm', 360)).toBe(true)
    const found = server.dht.readLocal(['m.0']).get('m.0')
    expect(found?.kind === 'dictionary' && found.entries.get(name)?.value).toEqual(value(2))
    expect(await put(stranger, 'plain', null, day)).toBe(true)
    expect(server.dht.readLocal(['plain']).get('plain')?.expirationS).toBeLessThan(inS(3_700))

    // A newcomer is handed what others wrote, with no more life than a record has.
    const handOver = async (key: string, livesS: number, node: Uint8Array) => {
      const entry = { subkey: name, value: value(3), expirationS: inS(livesS) }
      const item = { key: dhtIdOf(key), subkey: DICTIONARY_SUBKEY, expirationS: inS(livesS), inCache: false }
      const dictionary = encodeMsgpack(new DictionaryValue(Number.POSITIVE_INFINITY, inS(livesS), [entry]))
      const request = encodeStoreRequest({ node, items: [{ ...item, value: dictionary }] })
      const reply = await callUnary(stranger.host, server.host.peerId, RPC_STORE, request, within())
      return decodeStoreResponse(reply).storeOk[0]
    }
    expect(await handOver('m.1', 300, new Uint8Array(0))).toBe(false)
    expect(await handOver('m.1', day, node20)).toBe(false)
    expect(await handOver('m.1', 300, node20)).toBe(true)
    expect(await handOver('m.0', 415, node20)).toBe(false)
  })

  test('a node id of another length is never passed on', async () => {
    const { server, stranger } = await pair()
    const request = encodeFindRequest({ node: new Uint8Array(34).fill(1), keys: [dhtIdOf('k.0')] })
    await callUnary(stranger.host, server.host.peerId, RPC_FIND, request, within())
    expect(server.dht.knownPeers()).toEqual([])
    const reply = await callUnary(stranger.host, server.host.peerId, RPC_FIND, request, within())
    expect(decodeFindResponse(reply).results[0]!.nearest).toEqual([])
  })
})

describe('rpc_info (M-13)', () => {
  test('answers for the server, for its blocks, and with an error for others', async () => {
    const [server, caller] = [await startNode(), await startNode()] as [Node, Node]
    await connect(caller.host, server.host)
    const info = { version: '0.1.0', dhtClientMode: false, cacheTokensAvailable: 4096 }
    const end = await serveRpcInfo(server.host, {
      clock: systemClock,
      info: () => info,
      serves: (key) => key === 'm.0' || key === 'm.1',
    })
    const ask = (uid: string) => callRpcInfo(caller.host, server.host.peerId, uid, within())
    expect(await ask('')).toEqual(info)
    expect(await ask('m.0 m.1')).toEqual(info)
    await expect(ask('m.2')).rejects.toEqual(expect.objectContaining({ code: 'REMOTE_ERROR' }))
    await end()
    await expect(ask('')).rejects.toThrow()
  })
})
