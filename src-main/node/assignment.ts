import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, reportOf } from '../../src-shared/errors'
import { type CoordinatorApi, createCoordinatorApi } from '../coordinator/coordinator-api'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { type CoordinatorLink, createCoordinatorLink } from '../coordinator/coordinator-link'
import { isLoopbackHost, normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import type { AssignedBlocks } from '../coordinator/link-events'
import { LinkMemorySchema } from '../coordinator/link-memory'
import { networkIdOf } from '../membership/invite'
import { createSigningFetch } from '../membership/signing-fetch'
import type { Host } from '../network/host'
import { loadOrCreateIdentity } from '../network/identity'
import { overloadHeard } from '../network/overload'
import { checkManifest, type Manifest } from '../shards/manifest'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { CoordinatorStanding } from './coordinator-standing'
import { followCoordinator } from './follow-coordinator'
import type { BootstrapBook } from './join-network'
import type { ShardTarget } from './load-ladder'
import { registrationOf } from './registration'
import type { NodeRooms } from './rooms'
import type { ServingTarget } from './serving-target'
import type { Steps } from './steps'

const RETRY_MS = 5_000

/** A demo node must not reach a real network; the coordinator refuses the other half (C-40). */
export function openCoordinator(
  config: NodeConfig,
  clock: Clock,
  onOverload: (retryAfterMs: number) => void,
): CoordinatorApi | null {
  const { coordinatorUrl, data, profile, allowsInsecureCoordinator: allowInsecure = false } = config
  if (coordinatorUrl === null) return null
  const baseUrl = normaliseCoordinatorUrl(coordinatorUrl, { allowInsecure })
  const identity = () => loadOrCreateIdentity(data.identityFile)
  const api = createCoordinatorApi({
    baseUrl,
    allowInsecure,
    fetch: overloadHeard(createSigningFetch({ fetch: coordinatorFetch, baseUrl, identity, clock }), clock, onOverload),
    clock,
  })
  const { hostname } = new URL(api.baseUrl)
  if (profile.loopbackOnly && !isLoopbackHost(hostname)) {
    throw new EspalierError('DEMO_CONFINED', `the coordinator at ${hostname} is not on this computer`)
  }
  return api
}

/** The coordinator's side of a node: the steps *register* and *approve*, and which blocks are ours. */
export function createAssignment(options: {
  api: CoordinatorApi
  host: Host
  book: BootstrapBook
  config: NodeConfig
  rooms: NodeRooms
  steps: Steps
  clock: Clock
  log: EventLog
  standing: CoordinatorStanding
  /** Told after approval and never before. */
  blocks: Pick<ServingTarget, 'take' | 'leave'>
  /** The coordinator asks for a pause. */
  onOverload(retryAfterMs: number): void
}): { link: CoordinatorLink; stop: Disposer } {
  const { api, host, book, config, steps, clock, log, blocks, standing } = options
  const self = host.peerId.toString()
  let cancelRetry: Disposer = () => undefined
  /** A manifest that arrives after the blocks changed again is of no use. */
  let generation = 0

  async function take(assigned: AssignedBlocks, mine: number): Promise<void> {
    try {
      const manifest = await fetchManifest(api, assigned)
      if (mine === generation) blocks.take({ manifest, range: assigned.range, modelPath: config.modelPath })
    } catch (error) {
      if (mine !== generation) return
      steps.failed('fetch', reportOf(error), { what: 'Trying again by itself', at: clock.now() + RETRY_MS })
      cancelRetry = clock.after(RETRY_MS, () => void take(assigned, mine))
    }
  }

  const follow = followCoordinator({
    steps,
    book,
    log,
    events: {
      onAssigned(assigned) {
        cancelRetry()
        void take(assigned, ++generation)
      },
      onUnassigned(why) {
        generation++
        cancelRetry()
        blocks.leave(why)
      },
    },
  })

  steps.working('register')
  const link = createCoordinatorLink({
    api,
    apiFor: (baseUrl) => openCoordinator({ ...config, coordinatorUrl: baseUrl }, clock, options.onOverload),
    clock: options.rooms.heartbeatClock(clock),
    store: jsonFile(config.data.coordinatorFile, LinkMemorySchema, { keepsCopy: true }),
    heartbeatIntervalMs: config.profile.timings.heartbeatIntervalMs,
    registration: () => ({
      ...registrationOf({
        peerId: self,
        publicName: config.publicName,
        multiaddrs: host.getMultiaddrs().map(String),
        isDemo: config.profile.watermark !== null,
        offeredMemoryGb: config.offeredMemoryGb ?? null,
        gpuMemoryGb: config.gpuMemoryGb ?? null,
        requestedBlocks: config.requestedBlocks ?? null,
        ...(config.compute ? { compute: config.compute } : {}),
      }),
      ...(config.invite === undefined ? {} : { x_invite: config.invite }),
    }),
    invitedTo: config.invite === undefined ? null : networkIdOf(config.invite),
    onEvent(event) {
      follow(event)
      standing.onEvent(event)
    },
  })
  return {
    link,
    stop() {
      generation++
      cancelRetry()
    },
  }
}

async function fetchManifest(api: CoordinatorApi, { model, manifestSha256 }: AssignedBlocks): Promise<Manifest> {
  if (manifestSha256 === null) throw new EspalierError('MANIFEST_MISSING', model)
  const { value } = await api.manifest(model)
  return checkManifest(value)
}

export function isSameTarget(a: ShardTarget | null, b: ShardTarget | null): boolean {
  return a?.manifest.root === b?.manifest.root && a?.range.start === b?.range.start && a?.range.end === b?.range.end
}
