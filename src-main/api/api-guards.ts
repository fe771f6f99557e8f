import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { createAddressCheck, createFailureLimit } from '../bridge/web-guards'

const WRONG_KEYS_AT_ONCE = 10
const WRONG_KEY_REFILL_MS = 1_000

/**
 * Who may ask. The name in the request must be one of ours: a web page that points its own name at this computer
 * (DNS rebinding) sends its own. No page of another origin is answered, and none can use up the wrong keys of this
 * address. Then the key, compared in the same time whatever it is: the right one is let in however many wrong ones
 * came before, because nobody guesses 256 bits; whoever sends none has not guessed.
 * The check throws API_HOST_UNKNOWN, API_WEB_PAGE, API_KEY_WRONG, API_KEYS_TRIED.
 */
export function createApiGuard(options: { clock: Clock; key: string; port: number; hostNames: readonly string[] }) {
  const addresses = createAddressCheck(options.port, options.hostNames)
  const failures = createFailureLimit(options.clock, WRONG_KEYS_AT_ONCE, WRONG_KEY_REFILL_MS)
  const expected = digest(options.key)
  return ({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): void => {
    if (!addresses.isOurHost(headers.host)) throw new EspalierError('API_HOST_UNKNOWN')
    const isForeign = headers.origin !== undefined && !addresses.isOurOrigin(headers.origin)
    const site = headers['sec-fetch-site']
    if (isForeign || site === 'cross-site' || site === 'same-site') throw new EspalierError('API_WEB_PAGE')
    const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
    if (timingSafeEqual(digest(given), expected)) return
    const address = socket.remoteAddress ?? ''
    if (failures.isBlocked(address)) throw new EspalierError('API_KEYS_TRIED')
    if (given !== '') failures.countFailure(address)
    throw new EspalierError('API_KEY_WRONG')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
