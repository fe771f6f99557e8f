/**
 * Counts served tokens so that each reaches the coordinator once. `total` only grows; a delta travels under a
 * sequence number, and a delta whose reply was lost travels again under the same number.
 */
export interface TokenLedger {
  readonly total: number
  /** Tokens of `total` that the coordinator has counted, as far as we can know. */
  readonly settled: number
  readonly nextSeq: number
  /** Sent, and not known to have arrived. */
  readonly inFlight: TokenDelta | null
}

export interface TokenDelta {
  readonly seq: number
  readonly tokens: number
}

export const EMPTY_LEDGER: TokenLedger = { total: 0, settled: 0, nextSeq: 1, inFlight: null }

/** `tokens` is a whole number above zero; anything else is not counted. */
export function countTokens(ledger: TokenLedger, tokens: number): TokenLedger {
  return Number.isSafeInteger(tokens) && tokens > 0 ? { ...ledger, total: ledger.total + tokens } : ledger
}

/** The delta for the next heartbeat is `inFlight` of the result; null when there is nothing to tell. */
export function dispatch(ledger: TokenLedger): TokenLedger {
  const tokens = ledger.total - ledger.settled
  if (ledger.inFlight !== null || tokens <= 0) return ledger
  return { ...ledger, inFlight: { seq: ledger.nextSeq, tokens }, nextSeq: ledger.nextSeq + 1 }
}

/** The delta was counted, or may have been and can't be told again without risk of counting twice. */
export function settle(ledger: TokenLedger): TokenLedger {
  if (ledger.inFlight === null) return ledger
  return { ...ledger, settled: ledger.settled + ledger.inFlight.tokens, inFlight: null }
}

/** The delta never arrived: its tokens go with the next one. */
export function takeBack(ledger: TokenLedger): TokenLedger {
  return { ...ledger, inFlight: null }
}

/** New numbers begin above what the coordinator has seen, also when our own memory was lost. */
export function continueAfter(ledger: TokenLedger, lastSeq: number): TokenLedger {
  return { ...ledger, nextSeq: Math.max(ledger.nextSeq, lastSeq + 1) }
}
