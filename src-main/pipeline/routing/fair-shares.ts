import type { RouteStage } from '../route'

/** Medians of several tokens need not add up as those of each do. */
const SLACK = 1.1
/**
 * However long the ways are said to be: so much of a token's time at least was spent by the stages. Quick stages on
 * slow lines spend little more, and what is put on top of their claims makes them look slower than they are.
 */
const LEAST_COMPUTED = 0.2

/**
 * What a token's time in each stage was, as far as it can be believed, ms; NaN where nothing is known. The last stage
 * hands on what all of them claim, so it may have changed it: claims are bounded by what the asker's own clock says of all together.
 * Claims that can't be true are not believed at all, of nobody, or a lie about another would pay. Whoever claims nothing
 * gets what is left, by its blocks; and when most of the time is claimed by nobody, all share it.
 * @param claimedMs NaN, zero or absent where one claims nothing
 * @param elapsedMs by the asker's clock, from the token's sending to its answer; null where it is not known: nothing is bounded then
 * @param waysMs of that, what it was on its way, by the asker's own measurements
 */
export function fairShares(
  route: readonly RouteStage[],
  claimedMs: readonly number[],
  elapsedMs: number | null,
  waysMs: number,
): number[] {
  const claims = route.map((_, i) => claimedMs[i] || Number.NaN)
  if (elapsedMs === null) return claims.map((ms) => (isTime(ms) ? ms : Number.NaN))
  const spareMs = Math.max(elapsedMs - waysMs, elapsedMs * LEAST_COMPUTED)
  const claimed = claims.filter(isTime)
  const sumMs = claimed.reduce((sum, ms) => sum + ms, 0)
  const isUntrue = claims.some((ms) => ms < 0 || ms === Number.POSITIVE_INFINITY) || sumMs > elapsedMs * SLACK
  if (isUntrue) return byBlocks(route, spareMs)
  const restMs = Math.max(0, spareMs - sumMs)
  if (claimed.length < route.length) {
    const silent = route.filter((_, i) => !isTime(claims[i] ?? Number.NaN))
    const shares = byBlocks(silent, restMs)
    return claims.map((ms) => (isTime(ms) ? ms : shares.shift() || Number.NaN))
  }
  if (restMs <= sumMs) return claims
  const shares = byBlocks(route, restMs)
  return claims.map((ms, i) => ms + (shares[i] ?? 0))
}

function isTime(ms: number): boolean {
  return Number.isFinite(ms) && ms > 0
}

function byBlocks(stages: readonly RouteStage[], totalMs: number): number[] {
  const blocks = stages.reduce((sum, { start, end }) => sum + end - start, 0)
  return stages.map(({ start, end }) => (totalMs * (end - start)) / blocks)
}
