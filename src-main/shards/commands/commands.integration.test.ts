import { randomUUID } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { encode } from '@msgpack/msgpack'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src-shared/clock'
import { FakeClock } from '../../../test/fake-clock'
import { connect, loopbackHost } from '../../../test/loopback-host'
import type { Host } from '../../network/host'
import { createEventLog } from '../../storage/event-log'
import { type CommandHandlers, type CommandService, createCommandService } from './command-service'
import {
  COMMAND_PROTOCOL,
  MAX_COMMAND_BYTES,
  openReply,
  type ShardCommand,
  type ShardReplyBody,
  type ShardRequest,
  signMessage,
} from './command-wire'
import { createLoadRequests, type LoadRequests } from './load-requests'

const ROOT = 'ab'.repeat(32)
const OTHER_ROOT = 'cd'.repeat(32)
const LOAD: ShardCommand = { type: 'LOAD_SHARD', root: ROOT, start: 2, end: 4 }

interface Peer {
  host: Host
  key: PrivateKey
  service: CommandService
}

const peers: Peer[] = []
afterEach(async () => {
  for (const { host, service } of peers.splice(0)) {
    await service.stop()
    await host.stop()
  }
})

const REFUSING: CommandHandlers = {
  LOAD_SHARD: () => ({ status: 'loading' }),
  CANCEL: () => ({ status: 'accepted' }),
  SHARD_LOADED: () => ({ status: 'accepted' }),
  PROVE_SHARD: () => ({ status: 'accepted' }),
  ASK_VIEW: () => ({ status: 'view', loaded: [] }),
  ASK_CAPABILITIES: () => ({ status: 'accepted' }),
}

async function makePeer(handlers: Partial<CommandHandlers> = {}, clock: Clock = systemClock): Promise<Peer> {
  const key = await generateKeyPair('Ed25519')
  const host = await loopbackHost({ privateKey: key })
  const service = createCommandService({
    host,
    privateKey: key,
    clock,
    log: createEventLog(systemClock, null),
    handlers: { ...REFUSING, ...handlers },
  })
  await service.start()
  const peer = { host, key, service }
  peers.push(peer)
  return peer
}

/** A worker with blocks [2, 4) of ROOT, and the coordinator's peer, which alone may command. */
async function workerAndCoordinator() {
  const coordinator = await makePeer()
  let loads = 0
  let cancelled = 0
  let isLoaded = false
  const requests: LoadRequests = createLoadRequests({
    clock: systemClock,
    isIssuer: (peer) => peer === coordinator.host.peerId.toString(),
    node: {
      target: () => ({ root: ROOT, range: { start: 2, end: 4 } }),
      isLoaded: () => isLoaded,
      fetching: () => (loads > 1 ? { done: 10, total: 40 } : null),
      load: () => void loads++,
      cancel: () => void cancelled++,
    },
  })
  const worker = await makePeer({
    LOAD_SHARD: ({ root, start, end }, { peer, id }) =>
      requests.load({ id, peer: peer.toString(), root, range: { start, end } }),
    CANCEL: ({ request }, { peer }) => requests.cancel(peer.toString(), request),
  })
  await connect(coordinator.host, worker.host)
  return {
    coordinator,
    worker,
    loads: () => loads,
    cancelled: () => cancelled,
    finish: () => {
      isLoaded = true
    },
  }
}

/** Sends exactly these bytes as a peer would and gives the reply's body. */
async function sendRaw(from: Peer, to: Peer, bytes: Uint8Array): Promise<ShardReplyBody> {
  const stream = await from.host.dialProtocol(to.host.peerId, COMMAND_PROTOCOL)
  const lp = lpStream(stream)
  const signal = AbortSignal.timeout(10_000)
  await lp.write(bytes, { signal })
  const data = (await lp.read({ signal })).subarray()
  await stream.close()
  return (await openReply(data, to.key.publicKey)).reply
}

function requestOf(from: Peer, to: Peer, change: Partial<ShardRequest> = {}): ShardRequest {
  return {
    v: 1,
    id: randomUUID(),
    from: from.host.peerId.toString(),
    to: to.host.peerId.toString(),
    at: Date.now(),
    command: LOAD,
    ...change,
  }
}

describe('LOAD_SHARD', () => {
  it('S-13: says loading, downloading with the content’s hash, and already loaded', async () => {
    const { coordinator, worker, finish, loads } = await workerAndCoordinator()
    const send = () => coordinator.service.send(worker.host.peerId, LOAD)
    expect(await send()).toEqual({ status: 'loading' })
    expect(await send()).toEqual({ status: 'downloading', info_hash: ROOT, done: 10, total: 40 })
    finish()
    expect(await send()).toEqual({ status: 'already_loaded' })
    expect(loads()).toBe(2)
  })

  it('S-13: replayed, unknown shard, wrong model, unauthorised peer: four refusals, told apart and counted', async () => {
    const { coordinator, worker, loads } = await workerAndCoordinator()
    const stranger = await makePeer()
    await connect(stranger.host, worker.host)
    const old = await signMessage(requestOf(coordinator, worker, { at: Date.now() - 120_000 }), coordinator.key)
    expect(await sendRaw(coordinator, worker, old)).toMatchObject({ status: 'error', code: 'COMMAND_REPLAYED' })
    const send = (peer: Peer, command: ShardCommand) => peer.service.send(worker.host.peerId, command)
    await expect(send(coordinator, { ...LOAD, start: 4, end: 6 })).rejects.toMatchObject({ code: 'SHARD_NOT_ASSIGNED' })
    await expect(send(coordinator, { ...LOAD, root: OTHER_ROOT })).rejects.toMatchObject({ code: 'MODEL_NOT_SERVED' })
    await expect(send(stranger, LOAD)).rejects.toMatchObject({ code: 'COMMAND_NOT_ALLOWED' })
    expect(loads()).toBe(0)
    expect(worker.service.counts()).toEqual({
      COMMAND_REPLAYED: 1,
      SHARD_NOT_ASSIGNED: 1,
      MODEL_NOT_SERVED: 1,
      COMMAND_NOT_ALLOWED: 1,
    })
  })

  it('S-13, S-38: the same request again gets the same reply and loads once; its id for another command is refused', async () => {
    const { coordinator, worker, loads } = await workerAndCoordinator()
    const request = requestOf(coordinator, worker)
    const bytes = await signMessage(request, coordinator.key)
    expect(await sendRaw(coordinator, worker, bytes)).toEqual({ status: 'loading' })
    expect(await sendRaw(coordinator, worker, bytes)).toEqual({ status: 'loading' })
    expect(loads()).toBe(1)
    const changed = await signMessage({ ...request, command: { ...LOAD, start: 3 } }, coordinator.key)
    expect(await sendRaw(coordinator, worker, changed)).toMatchObject({ code: 'COMMAND_REPLAYED' })
  })

  it('S-38: is cancelled by who asked for it, and by nobody else', async () => {
    const { coordinator, worker, cancelled } = await workerAndCoordinator()
    const stranger = await makePeer()
    await connect(stranger.host, worker.host)
    const id = randomUUID()
    await coordinator.service.send(worker.host.peerId, LOAD, { id })
    const cancel: ShardCommand = { type: 'CANCEL', request: id }
    await expect(stranger.service.send(worker.host.peerId, cancel)).rejects.toMatchObject({
      code: 'COMMAND_NOT_ALLOWED',
    })
    expect(cancelled()).toBe(0)
    expect(await coordinator.service.send(worker.host.peerId, cancel)).toEqual({ status: 'accepted' })
    expect(cancelled()).toBe(1)
  })
})

describe('what a peer may not send', () => {
  it('S-16: a message in another peer’s name, for another peer, or with another’s signature, is refused and counted', async () => {
    const [liar, victim, receiver] = [await makePeer(), await makePeer(), await makePeer()]
    await connect(liar.host, receiver.host)
    const command: ShardCommand = { type: 'SHARD_LOADED', root: ROOT, start: 0, end: 2, isLoaded: true, level: 'L6' }
    const inHisName = { from: victim.host.peerId.toString(), command }
    const forged = [
      await signMessage(requestOf(liar, receiver, inHisName), liar.key),
      await signMessage(requestOf(liar, receiver, inHisName), victim.key),
      await signMessage(requestOf(liar, receiver, { to: victim.host.peerId.toString(), command }), liar.key),
    ]
    for (const bytes of forged)
      expect(await sendRaw(liar, receiver, bytes)).toMatchObject({ status: 'error', code: 'COMMAND_FORGED' })
    expect(receiver.service.counts()).toEqual({ COMMAND_FORGED: 3 })
  })

  it('S-38: more than 64 KiB, another version and rubbish are refused', async () => {
    const [sender, receiver] = [await makePeer(), await makePeer()]
    await connect(sender.host, receiver.host)
    const version2 = { ...requestOf(sender, receiver), v: 2 } as unknown as ShardRequest
    const wrong = [
      await signMessage(version2, sender.key),
      encode({ payload: new Uint8Array(3), signature: 'none' }),
      Uint8Array.of(0xc1),
      new Uint8Array(MAX_COMMAND_BYTES + 1),
    ]
    for (const bytes of wrong)
      expect(await sendRaw(sender, receiver, bytes)).toMatchObject({ status: 'error', code: 'PROTOCOL_VIOLATION' })
  })

  it('S-38: 20 commands a second of one peer, and no fewer for the others', async () => {
    // Its time stands still, so nothing is forgiven while the test runs, however slowly.
    const [eager, calm, receiver] = [await makePeer(), await makePeer(), await makePeer({}, new FakeClock(Date.now()))]
    await connect(eager.host, receiver.host)
    await connect(calm.host, receiver.host)
    const view: ShardCommand = { type: 'ASK_VIEW', root: ROOT }
    const codes: string[] = []
    for (let sent = 0; sent < 23; sent++) {
      await eager.service.send(receiver.host.peerId, view).catch((error: { code: string }) => codes.push(error.code))
    }
    expect(codes).toEqual(['COMMAND_TOO_MANY', 'COMMAND_TOO_MANY', 'COMMAND_TOO_MANY'])
    expect(await calm.service.send(receiver.host.peerId, view)).toEqual({ status: 'view', loaded: [] })
  })
})

it('S-44: one broken link is one row with its reason; the others stay', async () => {
  const [first, second, third] = [await makePeer(), await makePeer(), await makePeer()]
  await connect(first.host, second.host)
  await connect(first.host, third.host)
  const view: ShardCommand = { type: 'ASK_VIEW', root: ROOT }
  await third.service.stop()
  await first.service.send(second.host.peerId, view)
  await expect(first.service.send(third.host.peerId, view)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  const rows = new Map(first.service.lastSent().map((row) => [row.peer, row]))
  expect(rows.get(second.host.peerId.toString())).toMatchObject({ outcome: 'view' })
  expect(rows.get(second.host.peerId.toString())?.roundTripMs).toBeGreaterThan(0)
  expect(rows.get(third.host.peerId.toString())).toMatchObject({ outcome: 'PEER_UNREACHABLE', roundTripMs: null })
})
