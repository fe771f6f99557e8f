import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeMsgpack, msgpackMap } from '../../src-main/hivemind/msgpack'
import { callUnary } from '../../src-main/hivemind/unary-client'
import { sayHello } from '../../src-main/kwaai/hello'
import { decodeReply, encodeRequest } from '../../src-main/kwaai/inference-wire'
import { HELLO_PROTOCOL, INFERENCE_PROTOCOL, WARMING_UP } from '../../src-main/kwaai/protocols'
import type { Host } from '../../src-main/network/host'
import { isVisible, type LiveNetwork, startLiveNetwork, until } from '../live-network'
import { loopbackHost } from '../loopback-host'

// Real nodes: one whose profile names KwaaiNet's protocols, and one whose profile does not.
let network: LiveNetwork
let caller: Host
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 2 })
  caller = await loopbackHost({ listens: false })
})
afterAll(async () => {
  await caller?.stop()
  await network?.close()
})

async function dial(addresses: readonly string[]): Promise<void> {
  await caller.dial(addresses.map((address) => multiaddr(address)))
}

it('answers KwaaiNet’s callers, counts what it served for them, and only where the profile says so', async () => {
  const kwaai = await network.join({ config: { profile: { ...network.profile, speaksKwaai: true } } })
  const plain = await network.join()
  const signal = AbortSignal.timeout(60_000)
  await dial(kwaai.node.status().listenAddresses)
  const peer = peerIdFromString(kwaai.node.status().peerId ?? '')
  const call = async (request: Parameters<typeof encodeRequest>[0]) =>
    decodeReply(await callUnary(caller, peer, INFERENCE_PROTOCOL, encodeRequest(request), { signal }))
  const early = await call({ sessionId: 1n, position: 0, input: { tokens: Int32Array.of(1) } })
  if (!kwaai.node.status().blocks) expect(early).toEqual({ sessionId: 0n, error: WARMING_UP })

  await sayHello(caller, peer, 'hello \u001b[31mthere', signal)
  expect(kwaai.log.filter(({ code }) => code === 'kwaai.hello').map(({ message }) => message)).toEqual([
    `${caller.peerId} says “hello  [31mthere”`,
  ])

  const { blocks } = await until(kwaai, 'visible', isVisible)
  await until(plain, 'visible', isVisible)
  const before = kwaai.node.status().contribution
  const rows = 3
  const width = kwaai.node.running()?.target?.manifest.embeddingLength ?? 0
  const tokens = Int32Array.of(1, 2, 3)
  const hidden = new Float32Array(rows * width).fill(0.1)
  const input = blocks?.start === 0 ? { tokens } : { hidden, width }
  expect(await call({ sessionId: 2n, position: 0, input })).not.toHaveProperty('error')
  const status = await until(kwaai, 'lent to somebody', ({ loadLevel }) => loadLevel === 'L7')
  expect(status.contribution.tokens - before.tokens).toBe(rows)
  expect(status.contribution.requests - before.requests).toBe(1)
  // And the coordinator hears of it with the next heartbeat.
  await expect
    .poll(async () => (await network.coordinator.snapshot()).workers, { timeout: 15_000 })
    .toContainEqual(
      expect.objectContaining({
        tokens_served: status.contribution.tokens,
        x_requests_served: status.contribution.requests,
      }),
    )

  await dial(plain.node.status().listenAddresses)
  const other = peerIdFromString(plain.node.status().peerId ?? '')
  for (const protocol of [INFERENCE_PROTOCOL, HELLO_PROTOCOL]) {
    const empty = encodeMsgpack(msgpackMap({}))
    await expect(callUnary(caller, other, protocol, empty, { signal })).rejects.toMatchObject({
      code: 'PROTOCOL_UNSUPPORTED',
    })
  }

  // A restart of the node forgets none of it.
  const { tokens: given, requests } = kwaai.node.status().contribution
  await kwaai.node.stop({ keepsPlace: true })
  await kwaai.node.start()
  expect(kwaai.node.status().contribution).toMatchObject({ tokens: given, requests })
})
