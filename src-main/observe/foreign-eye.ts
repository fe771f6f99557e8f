import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { RPC_CHECK, RPC_INFO } from '../hivemind/protocols'
import type { serveRpcCheck } from '../hivemind/rpc-check'
import { HELLO_PROTOCOL, INFERENCE_PROTOCOL } from '../kwaai/protocols'
import type { Host } from '../network/host'
import type { NetworkProfile } from '../network/profiles'
import { lookAmongForeign } from './foreign-look'
import type { ForeignLook } from './foreign-verdict'
import { createInboundCalls } from './inbound-calls'
import { createCallerCheck } from './look-at-caller'
import type { Intended, PeerLook } from './own-look'

/** By which a node is really reached: not what peers of the DHT say to each other anyway. */
const TELLING = [RPC_INFO, HELLO_PROTOCOL, INFERENCE_PROTOCOL]

/** Has peers of other families say how this node looks to them, and says it to them. */
export interface ForeignEye {
  look(question: {
    looks: readonly PeerLook[]
    candidates: readonly PeerId[]
    intended: Intended
    needed: number
    random: () => number
  }): Promise<ForeignLook>
  /** Calls that came before no longer count: the way in may be another. */
  forget(): void
  stop(): Promise<void>
}

/** For networks that other programs have built: serves their `rpc_check`, and notes who calls. */
export async function openForeignEye(options: {
  host: Host
  profile: NetworkProfile
  clock: Clock
  serve: typeof serveRpcCheck
}): Promise<ForeignEye> {
  const { host, profile, clock, serve } = options
  const calls = createInboundCalls(clock)
  const stopWatching = host.services.calls.watch((protocol, connection) => {
    if (TELLING.includes(protocol)) calls.note(protocol, connection)
  })
  const stopServing = await serve(host, {
    clock,
    onMet: ({ connection }) => calls.note(RPC_CHECK, connection),
    lookAt: createCallerCheck({ host, profile, clock }),
  })
  return {
    look: (question) => lookAmongForeign({ ...question, host, calls, profile, clock }),
    forget: calls.forget,
    async stop() {
      stopWatching()
      await stopServing()
    },
  }
}
