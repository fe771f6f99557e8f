import { join } from 'node:path'
import type { PauseReason } from '../../src-shared/app-view'
import type { Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, messageOf, reportOf } from '../../src-shared/errors'
import type { NetworkChoice } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { type Neighbourhood, startNeighbourhood } from '../demo/neighbours'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import type { NodeConfig } from '../node/config'
import { createNode, type EspalierNode } from '../node/node'
import { readServedCounts, ServedBookSchema, type ServedCounts } from '../node/served-counts'
import { threadsFor } from '../node/threads'
import type { Transfers } from '../node/transfers'
import type { ShardStore } from '../shards/store/shard-store'
import { jsonFile } from '../storage/atomic-file'
import { joinFleet, lockUser } from '../storage/process-lock'
import type { AppOptions } from './app-types'
import type { DetectCompute } from './compute'
import { idleStatus, type Situation } from './idle-status'
import { openKeptInvite } from './kept-invite'
import { locatePeers } from './locate-peers'
import { profileOf } from './network-facts'
import type { SettingsStore } from './settings-store'
import { createTurns } from './turns'

/** The node of the chosen network, made anew at every start, and the demo network when that is the choice. */
export interface CurrentNode {
  /** Null while there is none. */
  readonly node: EspalierNode | null
  /** Whether there is something to start. */
  readonly hasNetwork: boolean
  status(): NodeStatus
  onStatus(listener: (status: NodeStatus) => void): Disposer
  /** Resolves when the node listens. Throws NETWORK_NOT_CHOSEN, and what keeps a node from starting. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * A node that runs takes leave for these reasons and keeps its place at the coordinator; `start` ends the rest.
   * Does nothing where none runs.
   */
  rest(reasons: readonly PauseReason[]): Promise<void>
  readonly isResting: boolean
  /** Says why nothing was started by itself; does nothing once there is a node. */
  holdBack(report: ErrorReport): void
  /** Does what a node must not be there for. Throws NODE_MUST_STOP while there is one, running or resting. */
  whileStopped<T>(work: () => Promise<T>): Promise<T>
  /** Leaves the network of before, remembers the new choice (with the signed part of an invite) and starts in it; null only leaves. */
  choose(network: NetworkChoice | null, invite?: string | null): Promise<void>
  dispose(): Promise<void>
}

/** Often enough to find a wrong node among a few within an evening, rare enough to be no burden. */
const SPOT_CHECK_EVERY = 20

type Network = Pick<
  NodeConfig,
  'profile' | 'coordinatorUrl' | 'allowsInsecureCoordinator' | 'bootstraps' | 'invite' | 'modelPath'
>

export function createCurrentNode(
  options: AppOptions & { settings: SettingsStore; compute: DetectCompute; store: ShardStore; transfers: Transfers },
): CurrentNode {
  const { clock, log, data, paths, settings } = options
  const turns = createTurns()
  const keptInvite = openKeptInvite(data.inviteFile)
  const places = locatePeers({ file: paths.countryTable, settings, node: () => node, log })
  const listeners = new Set<(status: NodeStatus) => void>()
  let { profile: givenProfile, bootstraps = [] } = options.overrides ?? {}
  let node: EspalierNode | null = null
  let neighbourhood: Neighbourhood | null = null
  let situation: Situation = { kind: 'idle' }
  let unlockUser: Disposer = () => undefined
  /** What earlier runs gave, shown while none is under way. */
  let given: ServedCounts = { tokens: 0, requests: 0 }
  /** Of all nodes together: a page that compares revisions must never see one come back. */
  let revision = 0

  /** Who names a profile or bootstraps wants a node, also one without a coordinator. */
  const hasNetwork = () => settings.get().network !== null || pinnedProfile() !== undefined
  const pinnedProfile = () => givenProfile ?? (bootstraps.length > 0 ? PROFILES.espalier : undefined)

  function status(): NodeStatus {
    if (node) return { ...node.status(), revision }
    const { network, publicName } = settings.get()
    return idleStatus({ network, situation, publicName, revision, at: clock.now(), given, pinned: pinnedProfile() })
  }

  function changed(): void {
    revision++
    const now = status()
    for (const listener of listeners) listener(now)
  }

  function enter(next: Situation): void {
    situation = next
    changed()
  }

  /** Once at the beginning, and after every run: the node has written it by then. */
  async function readGiven(): Promise<void> {
    const { network } = settings.get()
    const isDemo = network?.kind === 'demo' || (givenProfile ?? PROFILES.espalier).watermark !== null
    try {
      given = await readServedCounts(jsonFile(data.countersFile, ServedBookSchema), isDemo)
      if (node === null && given.tokens + given.requests > 0) changed()
    } catch (error) {
      log.write('warn', 'counts.file.failed', messageOf(error))
    }
  }

  async function begin(signal: AbortSignal): Promise<void> {
    if (node?.status().phase === 'running') return
    try {
      signal.throwIfAborted()
      enter({ kind: 'opening' })
      const network = await openNetwork(signal)
      const compute = await options.compute(settings.get())
      signal.throwIfAborted()
      unlock()
      const { userRoot, isFleet } = options
      if (userRoot !== undefined && !network.profile.loopbackOnly)
        unlockUser = isFleet ? joinFleet(userRoot) : lockUser(data.root, userRoot)
      await startNode(createNode({ ...configOf(network), compute }, options), signal)
      situation = { kind: 'idle' }
    } catch (error) {
      node = null
      unlock()
      const isWanted = signal.aborted || isErrorCode(error, 'CANCELLED')
      enter(isWanted ? { kind: 'idle' } : { kind: 'failed', report: reportOf(error) })
      throw error
    }
  }

  async function startNode(created: EspalierNode, signal: AbortSignal): Promise<void> {
    node = created
    created.onStatus(() => node === created && changed())
    forgetInviteOnceIn(created)
    const giveUp = () => void created.stop()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await created.start()
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** It has done its work, and a later network must not be shown it. */
  function forgetInviteOnceIn(created: EspalierNode): void {
    const stop = created.onStatus(({ steps }) => {
      if (!steps.some(({ name, state }) => name === 'approve' && state === 'done')) return
      stop()
      keptInvite.forget().catch((error: unknown) => log.write('warn', 'invite.kept', messageOf(error)))
    })
  }

  async function end(): Promise<void> {
    if (node === null && situation.kind === 'idle') return
    await node?.stop()
    await readGiven()
    node = null
    unlock()
    enter({ kind: 'idle' })
  }

  async function rest(reasons: readonly PauseReason[]): Promise<void> {
    if (situation.kind === 'resting') return enter({ kind: 'resting', reasons })
    if (node?.status().phase !== 'running') return
    await node.stop({ keepsPlace: true })
    await readGiven()
    node = null
    unlock()
    enter({ kind: 'resting', reasons })
  }

  function unlock(): void {
    unlockUser()
    unlockUser = () => undefined
  }

  async function leave(): Promise<void> {
    await end()
    const ending = neighbourhood
    neighbourhood = null
    await ending?.stop()
  }

  async function change(network: NetworkChoice | null, invite: string | null, signal: AbortSignal): Promise<void> {
    await leave()
    // A choice made in the app replaces all that the command line said about the network.
    givenProfile = undefined
    bootstraps = []
    situation = { kind: network ? 'opening' : 'idle' }
    try {
      if (network?.kind === 'coordinator' && invite !== null) await keptInvite.keep(network.url, invite)
      else await keptInvite.forget()
      await settings.save({ network, startsRunning: network !== null })
    } catch (error) {
      enter({ kind: 'idle' })
      throw error
    }
    if (network) await begin(signal)
  }

  async function openNetwork(signal: AbortSignal): Promise<Network> {
    const { network, modelPath } = settings.get()
    if (network?.kind === 'demo') {
      const { coordinatorUrl } = await openNeighbourhood(signal)
      return { profile: PROFILES.local, coordinatorUrl, bootstraps: [], modelPath: paths.sampleModel }
    }
    if (!hasNetwork()) throw new EspalierError('NETWORK_NOT_CHOSEN')
    const coordinatorUrl = network?.url ?? null
    const allowsInsecureCoordinator = network?.insecure ?? false
    const profile = givenProfile ?? (await askProfile(coordinatorUrl, allowsInsecureCoordinator, signal))
    return {
      profile,
      coordinatorUrl,
      allowsInsecureCoordinator,
      bootstraps,
      ...(await inviteFor(coordinatorUrl)),
      modelPath: modelPath ?? (profile.loopbackOnly ? paths.sampleModel : null),
    }
  }

  /** An invite is for the network that came with it, and not for one that is chosen later. */
  async function inviteFor(coordinatorUrl: string | null): Promise<Pick<NodeConfig, 'invite'>> {
    if (coordinatorUrl === null) return {}
    const { invite: given, network } = options.overrides ?? {}
    const isItsNetwork = network?.kind === 'coordinator' && network.url === coordinatorUrl
    const invite = isItsNetwork && given !== undefined ? given : await keptInvite.of(coordinatorUrl)
    return invite === null ? {} : { invite }
  }

  async function openNeighbourhood(signal: AbortSignal): Promise<Neighbourhood> {
    if (neighbourhood?.isAlive) return neighbourhood
    await neighbourhood?.stop()
    neighbourhood = await startNeighbourhood({
      paths,
      clock,
      signal,
      ...(options.startScript && { startScript: options.startScript }),
      onTrouble: (message) => log.write('warn', 'demo.trouble', message),
    })
    return neighbourhood
  }

  async function askProfile(
    coordinatorUrl: string | null,
    allowInsecure: boolean,
    signal: AbortSignal,
  ): Promise<NetworkProfile> {
    if (coordinatorUrl === null) return PROFILES.espalier
    const { fetch = coordinatorFetch } = options
    return profileOf(coordinatorUrl, { fetch, clock, log, memoryFile: data.networkFile, allowInsecure, signal })
  }

  function configOf(network: Network): NodeConfig {
    const {
      publicName,
      threads,
      offeredMemoryGb,
      gpuMemoryGb,
      requestedBlocks,
      contextTokens,
      maxSequences,
      spotChecks,
    } = settings.get()
    return {
      ...network,
      data,
      ...(options.overrides?.ownNodes && { ownNodes: options.overrides.ownNodes }),
      // Each of a fleet has an account of its own; otherwise there is one for all that this user ever starts.
      ...(options.userRoot !== undefined && {
        announcesFile: join(options.isFleet ? data.root : options.userRoot, 'announces.json'),
      }),
      publicName,
      listenPort: settings.listenPort(),
      threads: threadsFor(threads),
      offeredMemoryGb,
      gpuMemoryGb,
      requestedBlocks,
      contextTokens,
      maxSequences,
      store: options.store,
      transfers: options.transfers,
      countryOf: places.countryOf,
      spotCheckEvery: spotChecks ? SPOT_CHECK_EVERY : null,
    }
  }

  void readGiven()
  const stopFollowing = settings.onChange(() => {
    // A node keeps what it was started with; without one the settings are all that there is to say.
    if (node === null) changed()
  })

  return {
    get node() {
      return node
    },
    get hasNetwork() {
      return hasNetwork()
    },
    status,
    onStatus(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    start: () => turns.take(begin),
    stop: () => turns.takeOver(end),
    // In turn: what its owner asked for meanwhile comes first.
    rest: (reasons) => turns.take(() => rest(reasons)),
    get isResting() {
      return situation.kind === 'resting'
    },
    holdBack(report) {
      if (node === null && situation.kind === 'idle') enter({ kind: 'held-back', report })
    },
    whileStopped: (work) =>
      turns.take(async () => {
        if (node !== null || situation.kind === 'resting') throw new EspalierError('NODE_MUST_STOP')
        const done = await work()
        // Why the last start failed may be what has been mended.
        if (situation.kind === 'failed') enter({ kind: 'idle' })
        return done
      }),
    choose: (network, invite = null) => turns.takeOver((signal) => change(network, invite, signal)),
    async dispose() {
      stopFollowing()
      places.dispose()
      await turns.takeOver(leave)
      listeners.clear()
    },
  }
}
