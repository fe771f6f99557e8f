import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../src-shared/clock'
import type { Scope } from '../../src-shared/contract-names'
import { EspalierError } from '../../src-shared/errors'
import { TOKEN_PREFIX } from '../../src-shared/web-envelope'

export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Only what may stand in a subprotocol name, and long enough not to be guessed. */
const TOKEN_FORM = /^[A-Za-z0-9_-]{20,128}$/

/** @throws BAD_ARGUMENT for a token that is too short, has other characters, or is both operator's and reader's. */
export function createTokenCheck(tokens: { operatorToken: string; readToken?: string | undefined }) {
  for (const token of [tokens.operatorToken, tokens.readToken]) {
    if (token !== undefined && !TOKEN_FORM.test(token)) {
      throw new EspalierError('BAD_ARGUMENT', 'a bridge token needs 20 to 128 characters of A-Z, a-z, 0-9, _ and -')
    }
  }
  if (tokens.operatorToken === tokens.readToken) {
    throw new EspalierError('BAD_ARGUMENT', 'the operator’s and the read-only token must differ')
  }
  const operator = digest(tokens.operatorToken)
  const reader = tokens.readToken === undefined ? null : digest(tokens.readToken)
  /** What the token allows; null for a wrong one. Takes the same time whatever it is given. */
  return (offered: string): ReadonlySet<Scope> | null => {
    const given = digest(offered)
    const isOperator = timingSafeEqual(given, operator)
    const isReader = reader !== null && timingSafeEqual(given, reader)
    if (isOperator) return new Set<Scope>(['read', 'operate'])
    return isReader ? new Set<Scope>(['read']) : null
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? ''
  return header.split(',').map((part) => part.trim())
}

export function offeredToken(request: IncomingMessage): string {
  return (
    offeredProtocols(request)
      .find((part) => part.startsWith(TOKEN_PREFIX))
      ?.slice(TOKEN_PREFIX.length) ?? ''
  )
}

/**
 * The Host and Origin headers that we answer to. A page of another site that points its own name at this address
 * (DNS rebinding) sends its own name as Host; a page that opens a socket to us sends its own Origin.
 */
export function createAddressCheck(port: number, names: readonly string[]) {
  const hosts = new Set<string>()
  for (const name of names) {
    const host = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name.toLowerCase()
    hosts.add(`${host}:${port}`)
    if (port === 80) hosts.add(host)
  }
  const origins = new Set([...hosts].map((host) => `http://${host}`))
  return {
    isOurHost: (host: string | undefined) => host !== undefined && hosts.has(host.toLowerCase()),
    isOurOrigin: (origin: string | undefined) => origin !== undefined && origins.has(origin.toLowerCase()),
  }
}

export interface FailureLimit {
  isBlocked(address: string): boolean
  countFailure(address: string): void
}

/**
 * Wrong tokens per address: `burst` at once, then one per `refillMs`. While an address is blocked its right token is
 * refused too, otherwise guessing would go on unhindered. Remembers at most 1,000 addresses, the oldest go first.
 */
export function createFailureLimit(clock: Clock, burst: number, refillMs: number): FailureLimit {
  const failures = new Map<string, { count: number; atMs: number }>()
  const countNow = (address: string): number => {
    const entry = failures.get(address)
    return entry ? Math.max(0, entry.count - (clock.monotonicMs() - entry.atMs) / refillMs) : 0
  }
  return {
    isBlocked: (address) => countNow(address) > burst - 1,
    countFailure(address) {
      const count = countNow(address) + 1
      failures.delete(address)
      failures.set(address, { count, atMs: clock.monotonicMs() })
      const oldest = failures.keys().next().value
      if (failures.size > 1_000 && oldest !== undefined) failures.delete(oldest)
    },
  }
}
