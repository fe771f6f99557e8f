import { getThinWaistAddresses } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import type { NetworkPreview } from '../../src-shared/app-views'
import type { Clock } from '../../src-shared/clock'
import { type CoordinatorApi, createCoordinatorApi } from '../coordinator/coordinator-api'
import { isLoopbackHost } from '../coordinator/coordinator-url'
import type { HostedModelInfo } from '../coordinator/coordinator-wire'
import type { ComputeChoice } from '../engine/device-choice'
import { isLikeInvite, parseInviteLink } from '../membership/invite'
import { listenMultiaddr } from '../network/host'
import { PROFILES } from '../network/profiles'
import { registrationOf } from '../node/registration'

/**
 * Asks a coordinator what it hosts, and whether an invite is good, with requests that hold nothing about us, and says
 * what joining would tell it. `address` is the coordinator's, or an invite link. Throws what the coordinator's API throws:
 * BAD_ARGUMENT, COORDINATOR_INSECURE, COORDINATOR_UNREACHABLE, INVITE_USED and so on.
 */
export async function previewNetwork(
  address: string,
  options: {
    fetch: typeof fetch
    clock: Clock
    allowInsecure: boolean
    peerId: string
    publicName: string
    offeredMemoryGb: number | null
    gpuMemoryGb?: number | null
    requestedBlocks?: number | null
    compute?: ComputeChoice
    listenPort: number
  },
): Promise<NetworkPreview> {
  const link = isLikeInvite(address) ? parseInviteLink(address, options.clock.now()) : null
  const api = createCoordinatorApi({ ...options, baseUrl: link?.coordinatorUrl ?? address })
  const { value } = await api.networkInfo()
  const checked = link && (await api.checkInvite(link.invite))
  const model = await hostedModel(api, value.modelName)
  const isDemo = value.isDemo === true && isLoopbackHost(new URL(api.baseUrl).hostname)
  const registration = {
    ...registrationOf({
      ...options,
      isDemo,
      multiaddrs: expectedAddresses(isDemo, options.listenPort, options.peerId),
    }),
    ...(link && { x_invite: link.invite }),
  }
  return {
    coordinatorUrl: api.baseUrl,
    modelName: value.modelName,
    blockCount: value.totalLayers,
    modelBytes: model?.sizeBytes ?? null,
    blockBytes: model?.blockBytes ?? null,
    onlineWorkers: value.onlineWorkers,
    coveragePercent: value.coveragePercent,
    isDemo: value.isDemo === true,
    invite: checked && { expiresAt: checked.value.expires_at_ms },
    willSend: Object.entries(registration).map(([field, sent]) => ({
      field,
      value: (Array.isArray(sent) ? sent.join(', ') : String(sent)).slice(0, 4_000),
    })),
  }
}

/** Null where the coordinator does not know such a list: its size is good to know, and nothing depends on it. */
async function hostedModel(api: CoordinatorApi, name: string | null): Promise<HostedModelInfo | null> {
  if (name === null) return null
  const models = await api.models().then(
    ({ value }) => value,
    () => [],
  )
  return models.find((model) => model.name === name) ?? null
}

/** As libp2p will list them when it listens; the port may become a later one when this one is taken then. */
function expectedAddresses(isDemo: boolean, port: number, peerId: string): string[] {
  const listens = multiaddr(listenMultiaddr(isDemo ? PROFILES.local : PROFILES.espalier, port))
  return getThinWaistAddresses(listens, port).map((address) => `${address}/p2p/${peerId}`)
}
