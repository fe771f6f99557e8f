import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { createAddressCheck, createFailureLimit } from '../bridge/web-guards'

const WRONG_KEYS_AT_ONCE = 10
const WRONG_KEY_REFILL_MS = 1_000

/**
 * Who may ask. The name in the request must be one of ours: a web page that points its own name at this computer
 * (DNS rebinding) sends its own. Then the key, compared in the same time whatever it is.
 * The check throws API_HOST_UNKNOWN, API_KEY_WRONG, SESSION_LIMIT (too many wrong keys).
 */
export function createApiGuard(options: { clock: Clock; key: string; port: number; hostNames: readonly string[] }) {
  const addresses = createAddressCheck(options.port, options.hostNames)
  const failures = createFailureLimit(options.clock, WRONG_KEYS_AT_ONCE, WRONG_KEY_REFILL_MS)
  const expected = digest(options.key)
  return (request: IncomingMessage): void => {
    if (!addresses.isOurHost(request.headers.host)) throw new EspalierError('API_HOST_UNKNOWN')
    const address = request.socket.remoteAddress ?? ''
    if (failures.isBlocked(address)) throw new EspalierError('SESSION_LIMIT', 'too many wrong keys from this address')
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (timingSafeEqual(digest(given), expected)) return
    failures.countFailure(address)
    throw new EspalierError('API_KEY_WRONG')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
