import { peerIdFromString } from '@libp2p/peer-id'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { HivemindDht } from '../../src-main/hivemind/dht'
import type { KademliaRecords } from '../../src-main/kademlia/records'
import type { NetworkProfile, ProfileTimings, RecordForm } from '../../src-main/network/profiles'
import { type NodeRooms, REAL_ROOMS } from '../../src-main/node/rooms'
import type { Clock } from '../../src-shared/clock'
import type { NodeStatus, StepName } from '../../src-shared/status'
import { isVisible, type LiveNetwork, type LiveNode, QUICK, startLiveNetwork, until } from '../live-network'

// The failure that all five source documents describe: a part silently does nothing, and the light stays green.
// Each test makes one part do nothing, without an error, and expects the status to name the step that it belongs to.
// The suite runs once for each way in which a network can keep its records; its control is in control.integration.test.ts.

/** Three announce intervals, and time for a slow machine to notice. */
const IN_TIME_MS = 3 * QUICK.announceIntervalMs + 4_000

/**
 * Records that outlive a few slow rounds: on a busy computer a round takes as long as an interval here, and what has run
 * out by then is rightly said to be gone.
 */
const TIMINGS: ProfileTimings = {
  ...QUICK,
  recordLifetimeMs: 20_000,
  kademlia: { ...QUICK.kademlia, recordLifetimeMs: 12_000 },
}

export function falseGreenSuite(recordForms: NetworkProfile['recordForms']): void {
  const uses = (form: RecordForm) => recordForms.includes(form)
  let network: LiveNetwork
  let other: LiveNode
  let subject: LiveNode | null = null

  beforeAll(async () => {
    network = await startLiveNetwork({ recordForms, timings: TIMINGS })
    other = await network.join({ name: 'healthy' })
    await until(other, 'serving', ({ loadLevel }) => loadLevel === 'L6')
  })
  afterAll(() => network?.close())
  afterEach(async () => {
    await subject?.remove()
    subject = null
  })

  /** A switch that tests throw in a running network. */
  const fault = { on: false }
  afterEach(() => {
    fault.on = false
  })

  async function runningNode(rooms: Partial<NodeRooms>): Promise<LiveNode> {
    subject = await network.join({ rooms })
    await until(subject, 'visible before the fault', isVisible)
    return subject
  }

  /** Waits for a status that names the step with a blocker; one that has healed by itself since counts too. */
  async function expectNamed(live: LiveNode, step: StepName, timeoutMs = IN_TIME_MS): Promise<void> {
    const names = ({ steps }: NodeStatus) =>
      steps.some(
        ({ name, state, blocker }) =>
          name === step && (state === 'degraded' || state === 'failed') && blocker !== undefined,
      )
    let named: NodeStatus | null = null
    const stop = live.node.onStatus((status) => {
      if (names(status)) named ??= status
    })
    try {
      await until(live, `naming “${step}”`, (status) => named !== null || names(status), timeoutMs)
      const status = named ?? live.node.status()
      expect(status.shape).not.toBe('visible')
      expect(status.headline).not.toMatch(/^Serving blocks?/)
    } finally {
      stop()
    }
  }

  /** Timers that are set and never fire, while the fault is on. */
  const deafClock = (clock: Clock): Clock => ({
    ...clock,
    after: (delayMs, run) => clock.after(delayMs, () => (fault.on ? undefined : run())),
    every: (intervalMs, run) => clock.every(intervalMs, () => (fault.on ? undefined : run())),
  })

  describe(`false-green suite (D-T41), ${recordForms.join(' and ')}: a part that silently does nothing is named within three intervals`, () => {
    it('1. bootstrap dial', async () => {
      subject = await network.join({ rooms: { dialBootstraps: async () => [] } })
      await expectNamed(subject, 'connect')
    })

    it.runIf(uses('hivemind'))('2. hivemind store: says that all is stored, and stores nothing', async () => {
      const live = await runningNode({
        announcerDht: (dht): HivemindDht => ({
          ...dht,
          store: async (records, options) =>
            fault.on
              ? records.map((record) => ({ record, ackedBy: [...(options?.alsoTo ?? [])], refusedBy: [], failed: [] }))
              : dht.store(records, options),
        }),
      })
      fault.on = true
      await expectNamed(live, 'announce')
      fault.on = false
      await until(live, 'visible again', isVisible)
    })

    it.runIf(uses('kademlia'))('3. Kademlia put: says that all is stored, and stores nothing', async () => {
      const live = await runningNode({
        announcerRecords: (records): KademliaRecords => ({
          ...records,
          put: async (key, record, signal) =>
            fault.on
              ? { ackedBy: [peerIdFromString(network.bootstrap.peerId)], failures: [] }
              : records.put(key, record, signal),
        }),
      })
      fault.on = true
      await expectNamed(live, 'announce')
      fault.on = false
      await until(live, 'visible again', isVisible)
    })

    it.runIf(uses('kademlia'))('4. Kademlia provide: says that peers were told, and tells nobody', async () => {
      const live = await runningNode({
        announcerRecords: (records): KademliaRecords => ({
          ...records,
          provide: async (key, signal) =>
            fault.on ? [peerIdFromString(network.bootstrap.peerId)] : records.provide(key, signal),
        }),
      })
      fault.on = true
      // Provider records of the last true round live on for their lifetime, and are swept a little later.
      await expectNamed(live, 'announce', IN_TIME_MS + TIMINGS.kademlia.recordLifetimeMs)
      fault.on = false
      await until(live, 'visible again', isVisible)
    })

    it('5. info call handlers', async () => {
      const stops: (() => Promise<void>)[] = []
      const live = await runningNode({
        async serveRpcInfo(libp2p, options) {
          const stop = await REAL_ROOMS.serveRpcInfo(libp2p, options)
          if (uses('hivemind')) stops.push(stop)
          return stop
        },
        async serveExpertInfo(libp2p, options) {
          const stop = await REAL_ROOMS.serveExpertInfo(libp2p, options)
          if (!uses('hivemind')) stops.push(stop)
          return stop
        },
      })
      for (const stop of stops) await stop()
      await expectNamed(live, 'visible')
    })

    it('6. re-announce timer', async () => {
      const live = await runningNode({ announcerClock: deafClock })
      fault.on = true
      await expectNamed(live, 'announce')
    })

    it('7. coordinator heartbeat', async () => {
      const live = await runningNode({ heartbeatClock: deafClock })
      fault.on = true
      await expectNamed(live, 'approve')
    })

    it('8. piece verification', async () => {
      // As if the check had been taken out: bytes are copied and nothing is hashed.
      subject = await network.join({
        rooms: { fetchShard: ({ onEvent: _, ...options }) => REAL_ROOMS.fetchShard(options) },
      })
      await expectNamed(subject, 'fetch', 30_000)
    })

    it('9. probe pass', async () => {
      const live = await runningNode({
        runProbe: (...probe) => (fault.on ? (Promise.resolve(undefined) as never) : REAL_ROOMS.runProbe(...probe)),
      })
      fault.on = true
      await expectNamed(live, 'prove')
    })

    it('10. engine child: frozen, neither dead nor answering', async () => {
      const live = await runningNode({})
      const frozen = live.engines.at(-1)!
      frozen.signal('SIGSTOP')
      await expectNamed(live, 'prove')
      // And it heals: the frozen process is replaced, and the new one is proven.
      await until(live, 'visible again', isVisible)
      expect(live.engines.at(-1)?.pid).not.toBe(frozen.pid)
    })

    it('11. inbound pipeline handler', async () => {
      subject = await network.join({ rooms: { startPipeline: async () => undefined } })
      await until(subject, 'announced', ({ steps }) =>
        steps.some(({ name, state }) => name === 'announce' && state === 'done'),
      )
      await expectNamed(subject, 'serve')
    })

    it('12. witness dial-back', async () => {
      const live = await runningNode({
        askWitness: (...question) =>
          fault.on
            ? Promise.resolve({ witness: question[1].toString(), verdict: null, error: null })
            : REAL_ROOMS.askWitness(...question),
      })
      fault.on = true
      await expectNamed(live, 'visible')
    })
  })
}
