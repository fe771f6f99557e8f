import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { callUnary, plainText } from '../hivemind/unary-client'
import { serveUnary } from '../hivemind/unary-server'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import { createBoundedMap } from '../pipeline/scores/bounded-map'
import type { EventLog } from '../storage/event-log'
import { HELLO_PROTOCOL } from './protocols'

const MAX_TEXT_BYTES = 4096
/** A peer's greetings are written down this often at most; all of them are answered. */
const LOGGED_EVERY_MS = 60_000
const MAX_PEERS = 256
const OK = new TextEncoder().encode('ok')

/** KwaaiNet's greeting: text in, `ok` out. Also what shows that a peer is there. */
export function createGreeter({ clock, log }: { clock: Clock; log: EventLog }) {
  const loggedAtMs = createBoundedMap<number>(MAX_PEERS)
  return (payload: Uint8Array, peer: string): Uint8Array => {
    const lastMs = loggedAtMs.get(peer)
    if (lastMs === undefined || clock.monotonicMs() - lastMs >= LOGGED_EVERY_MS) {
      loggedAtMs.set(peer, clock.monotonicMs())
      log.write('info', 'kwaai.hello', `${peer} says “${plainText(new TextDecoder().decode(payload))}”`, { peer })
    }
    return OK
  }
}

export function serveHello(host: Host, options: { clock: Clock; log: EventLog }): Promise<() => Promise<void>> {
  const greet = createGreeter(options)
  return serveUnary(host, HELLO_PROTOCOL, (payload, { peer }) => greet(payload, peer.toString()), {
    clock: options.clock,
    maxRequestBytes: MAX_TEXT_BYTES,
  })
}

/** Throws as `callUnary`, and PROTOCOL_VIOLATION for any answer but `ok`. */
export async function sayHello(host: Host, peer: PeerId, text: string, signal: AbortSignal): Promise<void> {
  await reachPeer(host, peer, signal)
  const reply = await callUnary(host, peer, HELLO_PROTOCOL, new TextEncoder().encode(text), {
    signal,
    maxReplyBytes: 1024,
  })
  if (new TextDecoder().decode(reply) !== 'ok')
    throw new EspalierError('PROTOCOL_VIOLATION', `${peer} answered a greeting with something else`)
}
