import type { RouteStage } from '../route'

/** Of those that serve, the ones that a chain can consist of when one of its stages goes to another peer. */
export function forReplacement<T extends RouteStage>(
  servers: readonly T[],
  route: readonly RouteStage[],
  lost: RouteStage,
): T[] {
  const staying = new Set(route.filter(({ peer }) => peer !== lost.peer).map(({ peer }) => peer))
  return servers.filter(
    ({ peer, start, end }) => peer !== lost.peer && (staying.has(peer) || (start === lost.start && end === lost.end)),
  )
}

/** Index of the only stage that has another peer, with the same blocks; null when more or something else changed. */
export function replacedStage(before: readonly RouteStage[], after: readonly RouteStage[]): number | null {
  if (before.length !== after.length) return null
  const changed: number[] = []
  for (const [index, { peer, start, end }] of before.entries()) {
    const now = after[index]
    if (now?.start !== start || now.end !== end) return null
    if (now.peer !== peer) changed.push(index)
  }
  return changed.length === 1 ? (changed[0] ?? null) : null
}
