import type { Libp2p, Stream } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'
/** A ping that takes longer does not hold up the next: libp2p's watch over connections must notice a peer that hangs. */
const WAIT_AT_MOST_MS = 1_000

/**
 * Has at most one ping of ours under way on a connection. Peers on rust-libp2p, KwaaiNet's nodes among them, answer only
 * the newest and drop the others: one of the app's own pings would make libp2p's watch over connections, which pings
 * every few seconds, think that the peer is gone, and close the connection; or be dropped itself.
 */
export function pingOneAtATime(host: Pick<Libp2p, 'addEventListener'>, clock: Clock): void {
  host.addEventListener('connection:open', ({ detail: connection }) => {
    const newStream = connection.newStream.bind(connection)
    let last: Promise<void> = Promise.resolve()
    connection.newStream = async (protocols, options) => {
      if (protocols !== PING_PROTOCOL && !protocols.includes(PING_PROTOCOL)) return newStream(protocols, options)
      const before = last
      const done = Promise.withResolvers<void>()
      last = done.promise
      try {
        await before
        const stream = await newStream(protocols, options)
        void ended(stream, clock).then(done.resolve)
        return stream
      } catch (error) {
        done.resolve()
        throw error
      }
    }
  })
}

/** When the stream has closed, in both directions; or after a while. */
function ended(stream: Stream, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(WAIT_AT_MOST_MS, resolve)
    const end = () => {
      cancel()
      resolve()
    }
    if (stream.status !== 'open') end()
    else stream.addEventListener('close', end, { once: true })
  })
}
