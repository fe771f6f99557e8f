import { EspalierError } from '../../src-shared/errors'
import { parsePeerAddresses } from '../network/peer-addresses'

/** Of addresses in a file one bad line costs no more than itself; on a command line it is a slip. Throws MULTIADDR_INVALID. */
export function checkPeers(entries: readonly string[]): void {
  const [wrong] = parsePeerAddresses(entries).invalid
  if (wrong) throw new EspalierError('MULTIADDR_INVALID', wrong.report.cause)
}
