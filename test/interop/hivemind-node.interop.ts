import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { blockKey } from '../../src-main/hivemind/server-info'
import { IPFS_KAD_PROTOCOL } from '../../src-main/network/profiles'
import type { NodeStatus } from '../../src-shared/status'
import { VERSION } from '../../src-shared/version'
import { isVisible, type LiveNetwork, PATIENCE_MS, PATIENT, startLiveNetwork, stepOf, until } from '../live-network'
import { type HivemindPeer, PYTHON, ServersSchema, startHivemindPeer } from './hivemind-peer'

// Whole nodes of ours, engines and all, in a network most of whose peers are hivemind's: one that they join through, and
// more that none of them chose. Witnesses speak a protocol of our own, so those of theirs can be none.

let network: LiveNetwork
let boot: HivemindPeer
let others: HivemindPeer[] = []

beforeAll(async () => {
  if (PYTHON === '') return
  boot = await startHivemindPeer()
  network = await startLiveNetwork({ timings: PATIENT, kadProtocol: IPFS_KAD_PROTOCOL, targetWorkers: 2 })
  others = await Promise.all(Array.from({ length: 3 }, () => startHivemindPeer(...boot.ready.addresses)))
})
afterAll(async () => {
  await network?.close()
  await Promise.all([boot, ...others].map((peer) => peer?.stop()))
})

describe.skipIf(PYTHON === '')('nodes of ours among hivemind’s peers', () => {
  it('one alone is visible by what theirs do', { timeout: 2 * PATIENCE_MS }, async () => {
    const alone = await startLiveNetwork({
      timings: PATIENT,
      kadProtocol: IPFS_KAD_PROTOCOL,
      profile: { ownsEntries: false },
      bootstrapPeers: () => [boot, ...others].flatMap(({ ready }) => ready.addresses),
    })
    try {
      const live = await alone.join()
      const isSeen = (status: NodeStatus) => stepOf(status, 'visible').state === 'done'
      const status = await until(live, 'visible', isSeen, PATIENCE_MS)
      const theirs = [boot, ...others].map(({ ready }) => ready.peer)
      const { evidence } = stepOf(status, 'visible')
      expect(evidence.filter(({ value }) => value.includes('on a new connection'))).toHaveLength(2)
      for (const { by, value } of evidence) {
        expect(theirs).toContain(by)
        expect(value).toContain('(p2pd/0.1, not signed)')
      }
      await new Promise((resolve) => setTimeout(resolve, 2.5 * PATIENT.witnessIntervalMs))
      expect(isSeen(live.node.status())).toBe(true)
      expect(live.log.filter(({ code }) => code === 'visible.doubted')).toEqual([])
    } finally {
      await alone.close()
    }
  })

  it('are visible and stay so; theirs see, call and miss them', { timeout: 4 * PATIENCE_MS }, async () => {
    const config = { bootstraps: boot.ready.addresses }
    const live = [await network.join({ config }), await network.join({ config })]
    for (const one of live) await until(one, 'visible', isVisible, PATIENCE_MS)
    const [stranger] = others
    if (!stranger) throw new Error('no stranger')
    const keys = Array.from({ length: 8 }, (_, block) => blockKey('Tiny-Jargon-8', block))
    const states = async () => {
      const found = await stranger.ask('servers', ServersSchema, { keys })
      return keys.map((key) => Object.values(found[key] ?? {}).map(({ state }) => state))
    }
    await expect.poll(states, { timeout: PATIENCE_MS, interval: 500 }).toEqual(keys.map(() => ['ONLINE']))
    for (const { node } of live) {
      const peer = node.status().peerId ?? ''
      const info = await stranger.ask('info', z.record(z.string(), z.unknown()), { peer, uid: '' })
      expect(info).toMatchObject({ dht_client_mode: false, version: VERSION })
      const looks = node.status().othersSee?.steps.map(({ name, state }) => `${name} ${state}`)
      expect(looks).toEqual(['index pass', 'records pass', 'call pass', 'read pass', 'row pass'])
    }
    // Over several looks, whoever is picked: nobody is asked who cannot answer.
    await new Promise((resolve) => setTimeout(resolve, 2.5 * PATIENT.witnessIntervalMs))
    for (const one of live) expect(one.log.filter(({ code }) => code === 'visible.doubted')).toEqual([])
    for (const { node } of live) await node.stop()
    await expect.poll(states, { timeout: PATIENCE_MS, interval: 500 }).toEqual(keys.map(() => ['OFFLINE']))
  })
})
