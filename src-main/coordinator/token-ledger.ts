/**
 * Counts what was served so that each token and each request reaches the coordinator once. Totals only grow; a delta
 * travels under a sequence number, and a delta whose reply was lost travels again under the same number.
 */
export interface TokenLedger {
  /** Tokens. */
  readonly total: number
  /** Tokens of `total` that the coordinator has counted, as far as we can know. */
  readonly settled: number
  /** The same for requests. */
  readonly requests: { readonly total: number; readonly settled: number }
  readonly nextSeq: number
  /** Sent, and not known to have arrived. */
  readonly inFlight: ServedDelta | null
}

export interface ServedDelta {
  readonly seq: number
  readonly tokens: number
  readonly requests: number
}

export const EMPTY_LEDGER: TokenLedger = {
  total: 0,
  settled: 0,
  requests: { total: 0, settled: 0 },
  nextSeq: 1,
  inFlight: null,
}

/** `tokens` is a whole number above zero; anything else is not counted. */
export function countTokens(ledger: TokenLedger, tokens: number): TokenLedger {
  return Number.isSafeInteger(tokens) && tokens > 0 ? { ...ledger, total: ledger.total + tokens } : ledger
}

/** A request was answered: its tokens are counted by themselves. */
export function countRequest(ledger: TokenLedger): TokenLedger {
  return { ...ledger, requests: { ...ledger.requests, total: ledger.requests.total + 1 } }
}

/** The delta for the next heartbeat is `inFlight` of the result; null when there is nothing to tell. */
export function dispatch(ledger: TokenLedger): TokenLedger {
  const tokens = ledger.total - ledger.settled
  const requests = ledger.requests.total - ledger.requests.settled
  if (ledger.inFlight !== null || (tokens <= 0 && requests <= 0)) return ledger
  return { ...ledger, inFlight: { seq: ledger.nextSeq, tokens, requests }, nextSeq: ledger.nextSeq + 1 }
}

/** The delta was counted, or may have been and can't be told again without risk of counting twice. */
export function settle(ledger: TokenLedger): TokenLedger {
  const { inFlight, requests } = ledger
  if (inFlight === null) return ledger
  return {
    ...ledger,
    settled: ledger.settled + inFlight.tokens,
    requests: { ...requests, settled: requests.settled + inFlight.requests },
    inFlight: null,
  }
}

/** The delta never arrived: what it counts goes with the next one. */
export function takeBack(ledger: TokenLedger): TokenLedger {
  return { ...ledger, inFlight: null }
}

/** For another coordinator: what was served before is not told to it. */
export function forAnother({ total, requests }: TokenLedger): TokenLedger {
  return { ...EMPTY_LEDGER, total, settled: total, requests: { total: requests.total, settled: requests.total } }
}

/** New numbers begin above what the coordinator has seen, also when our own memory was lost. */
export function continueAfter(ledger: TokenLedger, lastSeq: number): TokenLedger {
  return { ...ledger, nextSeq: Math.max(ledger.nextSeq, lastSeq + 1) }
}
