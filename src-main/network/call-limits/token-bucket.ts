/** So many a second for as long as it takes, and `burst` at once after a rest. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A budget that refills with time. Times are monotonic milliseconds. */
export interface TokenBucket {
  tokens: number
  atMs: number
}

export function fullBucket({ burst }: Rate, nowMs: number): TokenBucket {
  return { tokens: burst, atMs: nowMs }
}

/** Refills what is due since the last look; whether there is one to take. Takes nothing. */
export function hasToken(bucket: TokenBucket, { perSecond, burst }: Rate, nowMs: number): boolean {
  bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
  bucket.atMs = nowMs
  return bucket.tokens >= 1
}

/** Takes one where there is one. */
export function takeToken(bucket: TokenBucket, rate: Rate, nowMs: number): boolean {
  if (!hasToken(bucket, rate, nowMs)) return false
  bucket.tokens--
  return true
}
