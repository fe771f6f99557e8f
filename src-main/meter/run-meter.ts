import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { Meter, MeterStage } from '../../src-shared/meter'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { isLoopbackHost } from '../coordinator/coordinator-url'
import type { ComputeChoice } from '../engine/device-choice'
import type { EngineProcess } from '../engine/engine'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { openNetworkClient } from '../node/network-client'
import { capabilityOf, offerOf } from '../node/offer'
import { checkManifest, type Manifest } from '../shards/manifest'
import type { EventLog } from '../storage/event-log'
import { likelyBlocks, type MeteredServer, type Speed, speedOf, speedWith, verdictOf } from './forecast'
import { type ComputerPower, measureComputer } from './measure-computer'
import { readServers, timeAnswer } from './measure-network'

export interface MeterOptions {
  coordinatorUrl: string
  allowInsecure: boolean
  fetch: typeof fetch
  clock: Clock
  log: EventLog
  /** Null: what the coordinator says. */
  profile: NetworkProfile | null
  /** The whole model on this computer; null where there is none. A demo's is the sample. */
  modelPath: (isDemo: boolean) => string | null
  threads: number
  memoryBytes: number
  offeredBytes: number
  compute: ComputeChoice
  gpuMemoryGb: number | null
  spawnEngine: () => EngineProcess
  /** This computer's own node, which the network may have already. */
  ownPeerId: string
  signal: AbortSignal
  onStage(stage: MeterStage): void
}

const NO_FILE = 'The model is not on this computer, so nothing could be timed here. Choose its file in the settings'
const READ_TIMEOUT_MS = 20_000

/** What a network is without this computer, as a guest has seen it. */
export interface NetworkLook {
  manifest: Manifest
  isDemo: boolean
  servers: MeteredServer[]
  answer: Awaited<ReturnType<typeof timeAnswer>>
}

/**
 * What this computer alone would do, what the network does without it, and what an answer through both would do. Looks
 * as a guest: nothing is registered or announced. Throws what the coordinator's API throws, MANIFEST_MISSING without a
 * model, BOOTSTRAP_UNREACHABLE, CANCELLED.
 */
export async function runMeter(options: MeterOptions): Promise<Meter> {
  return meterWith(await lookAtNetwork(options), options)
}

/** The half of a meter that asks others. */
export async function lookAtNetwork(options: MeterOptions): Promise<NetworkLook> {
  const { clock, log, signal, onStage } = options
  onStage('network')
  const api = createCoordinatorApi({ ...options, baseUrl: options.coordinatorUrl })
  const { value: info } = await api.networkInfo({ signal })
  if (info.modelName === null) throw new EspalierError('MANIFEST_MISSING', 'the coordinator hosts no model')
  const manifest = checkManifest((await api.manifest(info.modelName, { signal })).value)
  const isDemo = info.isDemo === true && isLoopbackHost(new URL(api.baseUrl).hostname)
  const profile = options.profile ?? (isDemo ? PROFILES.local : PROFILES.espalier)
  const client = await openNetworkClient({ profile, bootstraps: info.bootstrapPeers, clock, log })
  let servers: MeteredServer[]
  let answer: Awaited<ReturnType<typeof timeAnswer>>
  try {
    const view = client.view(profile.recordForms[0], [manifest.dhtPrefix])
    const { spans } = await view.readServers(manifest, AbortSignal.timeout(READ_TIMEOUT_MS))
    servers = await readServers(client, spans, options.ownPeerId)
    onStage('answer')
    const hasOwn = spans.some(
      ({ peer, info: { state } }) => state === 'online' && peer.toString() === options.ownPeerId,
    )
    answer = hasOwn
      ? { tokensPerSecond: null, reason: 'This computer serves now, so an answer without it could not be timed' }
      : await timeAnswer(client, manifest, clock, signal)
  } finally {
    await client.close()
  }
  return { manifest, isDemo, servers, answer }
}

/** The half that times this computer, and the figures of both. Throws CANCELLED. */
export async function meterWith({ manifest, isDemo, ...network }: NetworkLook, options: MeterOptions): Promise<Meter> {
  options.onStage('computer')
  const power = await powerOf(manifest, options.modelPath(isDemo), options)
  return meterOf({ manifest, at: options.clock.now(), ...network, power })
}

async function powerOf(
  manifest: Manifest,
  modelPath: string | null,
  options: MeterOptions,
): Promise<ComputerPower | { reason: string }> {
  const { signal } = options
  if (modelPath === null) return { reason: NO_FILE }
  try {
    return await measureComputer({ ...options, modelPath, manifest })
  } catch (error) {
    if (signal.aborted) throw error
    return { reason: messageOf(error).slice(0, 400) }
  }
}

/** The figures and what they mean, from what was measured. */
export function meterOf({
  manifest: { name, blockCount },
  at,
  servers,
  answer,
  power,
}: {
  manifest: Pick<Manifest, 'name' | 'blockCount'>
  at: number
  servers: readonly MeteredServer[]
  answer: { tokensPerSecond: number | null; reason: string | null }
  power: ComputerPower | { reason: string }
}): Meter {
  const now = speedOf(servers, blockCount)
  const nothing: Speed = { tokensPerSecond: null, route: [], reason: null }
  const isKnown = 'blockMs' in power
  const blocks = isKnown ? likelyBlocks(servers, blockCount, power.maxBlocks) : null
  const together = isKnown && blocks ? speedWith(servers, blockCount, { ...blocks, blockMs: power.blockMs }) : nothing
  const noPlace =
    isKnown && !blocks
      ? `${power.maxBlocks} of ${blockCount} blocks fit here, and that closes no gap and doubles nobody’s blocks`
      : null
  const brief = (text: string | null) => text?.slice(0, 400) ?? null
  return {
    ...{ modelName: name, blockCount, at },
    alone: {
      tokensPerSecond: isKnown ? power.aloneTokensPerSecond : null,
      reason: isKnown
        ? power.aloneTokensPerSecond === null
          ? `Does not fit: ${power.maxBlocks} of ${blockCount} blocks do`
          : null
        : power.reason,
    },
    now: {
      ...{ measured: answer.tokensPerSecond, estimated: now.tokensPerSecond },
      reason: brief(now.reason ?? answer.reason),
      ...{ nodes: servers.length, hops: now.route.length },
    },
    together: {
      ...{ estimated: together.tokensPerSecond, blocks },
      reason: brief(isKnown ? (noPlace ?? together.reason) : power.reason),
    },
    verdict: verdictOf(now, together),
  }
}

/** What blocks may lie in on this computer, and how much of it is offered. Throws BAD_ARGUMENT as `offerOf`. */
export function memoryOf(
  compute: ComputeChoice,
  offeredMemoryGb: number | null,
  gpuMemoryGb: number | null,
): Pick<MeterOptions, 'memoryBytes' | 'offeredBytes'> {
  const capability = capabilityOf(compute)
  const offer = offerOf(capability, offeredMemoryGb, gpuMemoryGb)
  return {
    memoryBytes: Math.max(capability.vramBytes, capability.memoryBytes),
    offeredBytes: Math.max(offer.vramBytes, offer.memoryBytes),
  }
}
