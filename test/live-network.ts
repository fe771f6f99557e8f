import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BootstrapPeer, startBootstrapPeer } from '../src-coordinator/bootstrap-peer'
import { loadHostedModel } from '../src-coordinator/load-hosted-model'
import type { SecurityOptions } from '../src-coordinator/security/security'
import { type CoordinatorServer, createCoordinatorServer } from '../src-coordinator/server'
import { createEngineFactory, type EngineFactory } from '../src-main/engine/testing/test-engine'
import { type NetworkProfile, PROFILES, type ProfileTimings } from '../src-main/network/profiles'
import type { NodeConfig } from '../src-main/node/config'
import { createNode, type EspalierNode } from '../src-main/node/node'
import type { NodeRooms } from '../src-main/node/rooms'
import type { OwnedChild } from '../src-main/process/owned-child'
import { openDataDirectory } from '../src-main/storage/data-directory'
import { createEventLog, type LogEvent } from '../src-main/storage/event-log'
import { systemClock } from '../src-shared/clock'
import type { NodeStatus, StepName } from '../src-shared/status'

export const SAMPLE_MODEL = new URL('../resources/models/tiny-jargon-8.gguf', import.meta.url).pathname
export const SAMPLE_MANIFEST = new URL('../resources/models/tiny-jargon-8.manifest.json', import.meta.url).pathname

/** Short enough that three intervals pass in seconds. */
export const QUICK: ProfileTimings = {
  heartbeatIntervalMs: 1_000,
  announceIntervalMs: 2_000,
  recordLifetimeMs: 6_000,
  kademlia: { announceIntervalMs: 2_000, recordLifetimeMs: 6_000 },
  witnessIntervalMs: 2_000,
  witnessCacheMs: 200,
  reprobeIntervalMs: 2_000,
}

/**
 * For tests of other things than intervals: on a machine with much else to do, nodes that announce and look every two
 * seconds are busy with nothing else, and records grow old between two rounds.
 */
export const PATIENT: ProfileTimings = {
  heartbeatIntervalMs: 5_000,
  announceIntervalMs: 10_000,
  recordLifetimeMs: 60_000,
  kademlia: { announceIntervalMs: 10_000, recordLifetimeMs: 60_000 },
  witnessIntervalMs: 10_000,
  witnessCacheMs: 200,
  reprobeIntervalMs: 10_000,
}
/** For `until`, on such a machine. */
export const PATIENCE_MS = 150_000

export interface LiveNode {
  readonly node: EspalierNode
  readonly config: NodeConfig
  /** Engine processes that this node has started, in order. */
  readonly engines: OwnedChild[]
  readonly log: LogEvent[]
  /** Stops the node and removes its directory. */
  remove(): Promise<void>
}

export interface LiveNetwork {
  readonly coordinator: CoordinatorServer
  readonly bootstrap: BootstrapPeer
  readonly profile: NetworkProfile
  /** Starts a node; the host of this network approves whoever asks. */
  join(options?: { name?: string; rooms?: Partial<NodeRooms>; config?: Partial<NodeConfig> }): Promise<LiveNode>
  close(): Promise<void>
}

/** A coordinator with its bootstrap peer, and as many real nodes as a test wants, all in this process. */
export async function startLiveNetwork(
  options: {
    timings?: ProfileTimings
    recordForms?: NetworkProfile['recordForms']
    kadProtocol?: string
    /** What else differs from the local profile. */
    profile?: Partial<NetworkProfile>
    /** Peers to join through, in place of the coordinator's own. */
    bootstrapPeers?: () => string[]
    targetWorkers?: number
    approves?: boolean
    security?: SecurityOptions
  } = {},
): Promise<LiveNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-network-'))
  const profile: NetworkProfile = {
    ...PROFILES.local,
    timings: options.timings ?? QUICK,
    recordForms: options.recordForms ?? ['hivemind'],
    ...(options.kadProtocol && { kadProtocol: options.kadProtocol }),
    ...options.profile,
  }
  const log = createEventLog(systemClock, null)
  const engines: EngineFactory = await createEngineFactory()
  const bootstrap = await startBootstrapPeer({
    identityFile: join(directory, 'bootstrap.key'),
    port: 0,
    profile,
    clock: systemClock,
    log,
  })
  const coordinator = await createCoordinatorServer({
    directory: join(directory, 'coordinator'),
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    models: [await loadHostedModel(SAMPLE_MANIFEST)],
    bootstrapPeers: options.bootstrapPeers ?? bootstrap.addresses,
    loadSender: bootstrap.loadSender,
    demo: true,
    ...(options.security ? { security: options.security } : {}),
    targetWorkers: options.targetWorkers ?? 2,
    timings: {
      heartbeatIntervalMs: profile.timings.heartbeatIntervalMs,
      offlineAfterMs: Math.max(6_000, 3 * profile.timings.heartbeatIntervalMs),
      sweepIntervalMs: 1_000,
    },
  })
  const stopApproving = options.approves === false ? () => undefined : approveEverybody(coordinator)
  const nodes = new Set<LiveNode>()
  let count = 0
  return {
    coordinator,
    bootstrap,
    profile,
    async join({ name = `node-${++count}`, rooms = {}, config: change = {} } = {}) {
      const data = await openDataDirectory(join(directory, name))
      const events: LogEvent[] = []
      const nodeLog = createEventLog(systemClock, null)
      nodeLog.subscribe((event) => void events.push(event))
      const started: OwnedChild[] = []
      const config: NodeConfig = {
        data,
        profile,
        publicName: name,
        listenPort: 0,
        coordinatorUrl: coordinator.url,
        bootstraps: [],
        modelPath: SAMPLE_MODEL,
        threads: 1,
        contextTokens: 256,
        maxSequences: 2,
        ...change,
      }
      const node = createNode(config, {
        clock: systemClock,
        log: nodeLog,
        spawnEngine() {
          const child = engines.spawn()
          started.push(child)
          return child
        },
        rooms,
      })
      const live: LiveNode = {
        node,
        config,
        engines: started,
        log: events,
        async remove() {
          nodes.delete(live)
          await node.stop()
        },
      }
      nodes.add(live)
      await node.start()
      return live
    },
    async close() {
      stopApproving()
      await Promise.all([...nodes].map((live) => live.remove()))
      await coordinator.close()
      await bootstrap.close()
      await engines.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function approveEverybody(coordinator: CoordinatorServer): () => void {
  const timer = setInterval(async () => {
    const { workers } = await coordinator.snapshot()
    for (const { worker_id, status } of workers) {
      if (status === 'pending') await approve(coordinator, worker_id)
    }
  }, 200)
  return () => clearInterval(timer)
}

export function approve({ url, adminToken }: CoordinatorServer, workerId: string): Promise<Response> {
  return fetch(`${url}/workers/${workerId}/approve`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: '{}',
  })
}

export async function until(
  live: LiveNode,
  what: string,
  holds: (status: NodeStatus) => boolean,
  timeoutMs = 60_000,
): Promise<NodeStatus> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const status = live.node.status()
    if (holds(status)) return status
    if (performance.now() > deadline) {
      const steps = status.steps.map(
        ({ name, state, blocker }) => `${name} ${state}${blocker ? ` (${blocker.cause})` : ''}`,
      )
      throw new Error(`not ${what} within ${timeoutMs} ms: ${status.headline}; ${steps.join(', ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export const isVisible = (status: NodeStatus): boolean => status.shape === 'visible'

export function stepOf(status: NodeStatus, name: StepName) {
  const step = status.steps.find((one) => one.name === name)
  if (!step) throw new Error(`no step ${name}`)
  return step
}
