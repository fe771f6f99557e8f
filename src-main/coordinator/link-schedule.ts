import type { ErrorCode } from '../../src-shared/error-catalogue'

/** Timeouts are no shorter, also where a test's interval is: a busy machine is not a dead coordinator. */
const MIN_TIMEOUT_MS = 2_000
const MAX_TIMEOUT_MS = 10_000
const MAX_EARLY = 0.1

/**
 * Time from the start of one heartbeat to the start of the next. Jitter makes it earlier only (up to 10 %),
 * because the coordinator counts lateness.
 */
export function beatDelayMs(intervalMs: number, random: () => number): number {
  return intervalMs * (1 - MAX_EARLY * random())
}

/** Attempts at the quick pace after the first failure: at the usual 30 s they fill the rest of the 60 s. */
const QUICK_RETRIES = 6

/**
 * Time from the start of the failed attempt to the next one, after `failures` in a row: at the usual 30 s, 5 s until
 * the coordinator gives up at 60 s, so that the last of them falls close before it, and 10 s from then on, so that a
 * coordinator that returns is noticed within 10 s. One that answers, but wrongly, is asked at the usual pace after
 * two retries.
 */
export function retryDelayMs(intervalMs: number, failures: number, code: ErrorCode): number {
  if (failures <= 1) return intervalMs / 6
  if (code === 'COORDINATOR_UNREACHABLE') return failures <= QUICK_RETRIES ? intervalMs / 6 : intervalMs / 3
  return failures === 2 ? intervalMs / 3 : intervalMs
}

/** How long one attempt may take: no longer than the pause to its retry, so that retries keep their times. */
export function attemptTimeoutMs(intervalMs: number, failures: number): number {
  const usualMs = failures < QUICK_RETRIES ? intervalMs / 6 : intervalMs / 3
  return Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, usualMs))
}
