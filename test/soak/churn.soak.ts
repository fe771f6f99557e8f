import type { Libp2p } from '@libp2p/interface'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REAL_ROOMS } from '../../src-main/node/rooms'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  PATIENCE_MS,
  PATIENT,
  startLiveNetwork,
  until,
} from '../live-network'
import { kept } from './held'
import { growthPerSample, LEAST_SAMPLES, type Sample } from './trend'

/** Minutes by default, so that it can be run beside other work; a release is given a night. */
const MINUTES = Number(process.env.ESPALIER_SOAK_MINUTES ?? 3)
const HOUR_MINUTES = 60
const STEADY = 2
/** A node that were kept whole would be ten times this; the short run cannot tell less from noise. */
const HEAP_MIB_PER_ROUND = 1
const SETTLE_MS = 60_000
const LOOK_MS = 1_000
/** Of the looks: more that come late, and the computer has other work, so that nodes miss each other's answers. */
const MOST_LATE = 0.01
/** Of the looks at nodes that stay while others come and go; a release has minutes between two changes. */
const LEAST_VISIBLE = 0.9

let network: LiveNetwork
let steady: LiveNode[]
const hosts: Libp2p[] = []
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: STEADY, timings: PATIENT })
  const rooms = {
    serveRpcInfo: (...args: Parameters<typeof REAL_ROOMS.serveRpcInfo>) => {
      hosts.push(args[0] as Libp2p)
      return REAL_ROOMS.serveRpcInfo(...args)
    },
  }
  steady = []
  for (let index = 0; index < STEADY; index++) steady.push(await network.join({ rooms }))
  for (const live of steady) await until(live, 'visible', isVisible, PATIENCE_MS)
}, STEADY * PATIENCE_MS)
afterAll(() => network?.close())

it(`D-T24: nodes come and go for ${MINUTES} minutes: nothing piles up`, {
  timeout: MINUTES * 60_000 + LEAST_SAMPLES * 2 * PATIENCE_MS,
}, async () => {
  const endsAt = performance.now() + MINUTES * 60_000
  const samples: Sample[] = []
  const seen = { times: 0, visible: 0, late: 0 }
  let lookedAt = performance.now()
  const doubts: Record<string, number> = {}
  const watching = setInterval(() => {
    const isLate = performance.now() - lookedAt > 1.5 * LOOK_MS
    lookedAt = performance.now()
    for (const live of steady) {
      seen.times++
      if (isLate) seen.late++
      const status = live.node.status()
      if (isVisible(status)) {
        seen.visible++
        continue
      }
      const doubted = status.steps.find(({ state }) => state !== 'done')
      const why = `${doubted?.name} ${doubted?.state} ${doubted?.blocker?.code ?? ''}`
      doubts[why] = (doubts[why] ?? 0) + 1
    }
  }, LOOK_MS)
  try {
    for (let round = 0; performance.now() < endsAt || round < LEAST_SAMPLES; round++) {
      // The same operator each time: a coordinator remembers everybody whom it has met.
      const guest = await network.join({ name: 'guest' })
      await until(guest, 'visible', isVisible, PATIENCE_MS)
      const { peerId } = guest.node.status()
      // In turn it leaves in order, and after its engine has crashed.
      if (round % 2 === 1) guest.engines.at(-1)?.kill()
      await guest.remove()
      const isGone = () => hosts.every((host) => host.getPeers().every((peer) => peer.toString() !== peerId))
      await expect.poll(isGone, { timeout: SETTLE_MS, interval: 200 }).toBe(true)
      // What the test itself keeps.
      for (const live of steady) live.log.length = 0
      samples.push(await kept(hosts))
    }
  } finally {
    clearInterval(watching)
  }
  const growth = growthPerSample(samples)
  console.log(JSON.stringify({ rounds: samples.length, seen, doubts, first: samples[0], last: samples.at(-1), growth }))
  // Timers are those of calls under way, and connections break and come again on a busy computer: their sockets are files.
  for (const name of ['files', 'handles', 'streams', 'listeners']) {
    expect(growth[name], name).toBeLessThan(1)
  }
  expect(growth.heapMib).toBeLessThan(HEAP_MIB_PER_ROUND)
  // Nodes that share one thread with too much other work miss each other's answers: then the run says how often.
  if (seen.late / seen.times <= MOST_LATE) expect(seen.visible / seen.times).toBeGreaterThanOrEqual(LEAST_VISIBLE)
  if (MINUTES >= 2 * HOUR_MINUTES) {
    expect(seen.visible / seen.times).toBeGreaterThanOrEqual(0.995)
    const roundsPerHour = (samples.length * HOUR_MINUTES) / MINUTES
    expect((growth.residentMib ?? 0) * roundsPerHour, 'MiB an hour').toBeLessThan(1)
  }
})
