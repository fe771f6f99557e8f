import type { MultiaddrConnection } from '@libp2p/interface'
import { isRelayed } from './relay-place'

export interface TrafficFigures {
  readonly receivedBytes: number
  readonly sentBytes: number
}

/**
 * Counts the encrypted bytes of all connections to peers, as they are handed to and taken from the system. Left out are
 * the handshake of each connection (about 1 kB), what TCP and IP add, and whatever does not go over libp2p: calls of
 * the coordinator, and models from web servers. A connection through a relay travels within one that is counted.
 */
export function createTraffic() {
  let receivedBytes = 0
  let sentBytes = 0
  return {
    /** From here on; once for each connection. */
    watch(connection: Pick<MultiaddrConnection, 'addEventListener' | 'send' | 'remoteAddr'>): void {
      if (isRelayed(connection.remoteAddr)) return
      connection.addEventListener('message', ({ data }) => {
        receivedBytes += data.byteLength
      })
      const send = connection.send.bind(connection)
      connection.send = (data) => {
        sentBytes += data.byteLength
        return send(data)
      }
    },
    figures: (): TrafficFigures => ({ receivedBytes, sentBytes }),
  }
}
