import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import { messageOf, reportOf } from '../../src-shared/errors'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { isLoopbackHost } from '../coordinator/coordinator-url'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'

const RememberedSchema = z.object({ coordinatorUrl: z.string().max(500), isDemo: z.boolean() })
const ASK_TIMEOUT_MS = 3_000

/**
 * Which profile the network of a coordinator wants: `local` for a demo on this computer, `espalier` for all others.
 * Coordinators elsewhere need not be asked, because a demo never leaves its computer. One that does not answer now is
 * what it was the last time.
 */
export async function profileOf(
  coordinatorUrl: string,
  options: {
    fetch: typeof fetch
    clock: Clock
    log: EventLog
    memoryFile: string
    allowInsecure: boolean
    signal?: AbortSignal
  },
): Promise<NetworkProfile> {
  const { log, signal } = options
  const api = createCoordinatorApi({ ...options, baseUrl: coordinatorUrl })
  if (!isLoopbackHost(new URL(api.baseUrl).hostname)) return PROFILES.espalier
  const memory = jsonFile(options.memoryFile, RememberedSchema)
  let isDemo: boolean
  try {
    const { value } = await api.networkInfo({ timeoutMs: ASK_TIMEOUT_MS, ...(signal && { signal }) })
    isDemo = value.isDemo === true
    await memory
      .save({ coordinatorUrl: api.baseUrl, isDemo })
      .catch((error: unknown) => log.write('warn', 'network.memory.failed', messageOf(error)))
  } catch (error) {
    signal?.throwIfAborted()
    log.write('warn', 'network.profile.unknown', reportOf(error).cause)
    const remembered = await memory.load()
    isDemo = remembered?.coordinatorUrl === api.baseUrl && remembered.isDemo
  }
  return isDemo ? PROFILES.local : PROFILES.espalier
}
