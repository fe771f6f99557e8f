import type { PeerId } from '@libp2p/interface'
import type { EspalierError } from '../../src-shared/errors'
import { serveUnary } from '../hivemind/unary-server'
import type { Host } from '../network/host'
import { createInferenceService } from './inference-service'
import { INFERENCE_PROTOCOL } from './protocols'

export interface InferenceServer {
  readonly activeSessions: number
  /** Callers whose rows are under way are told why at once, the others at their next rows. */
  endSessions(why: EspalierError): void
  stop(): Promise<void>
}

/** Serves our blocks to callers of KwaaiNet's inference protocol, also over relays. */
export async function serveInference({
  host,
  ...options
}: { host: Host } & Parameters<typeof createInferenceService>[0]): Promise<InferenceServer> {
  const { sessions, answer } = createInferenceService(options)
  const onDisconnect = ({ detail }: CustomEvent<PeerId>) => sessions.endOf(detail.toString())
  host.addEventListener('peer:disconnect', onDisconnect)
  const stopServing = await serveUnary(
    host,
    INFERENCE_PROTOCOL,
    (payload, { peer }) => answer(payload, peer.toString()),
    { clock: options.clock },
  )
  return {
    get activeSessions() {
      return sessions.count
    },
    endSessions: sessions.endAll,
    async stop() {
      host.removeEventListener('peer:disconnect', onDisconnect)
      await stopServing()
      sessions.stop()
    },
  }
}
