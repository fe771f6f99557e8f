import type { NodeStatus } from '../../src-shared/status'
import { median } from '../statistics'

/** Seconds that a step took on the node in the middle. */
export interface Share {
  what: string
  seconds: number
}

/** What each step took, medians over the nodes, in the order in which a node goes through them. */
export function medianShares(statuses: readonly Pick<NodeStatus, 'steps' | 'contribution'>[]): Share[] {
  const names = statuses[0]?.steps.map(({ name }) => name) ?? []
  return names.flatMap((what) => {
    const times = statuses.flatMap(({ steps }) => {
      const step = steps.find(({ name }) => name === what)
      if (step?.startedAt == null || step.endedAt === undefined) return []
      return [(step.endedAt - step.startedAt) / 1000]
    })
    return times.length > 0 ? [{ what, seconds: median(times) }] : []
  })
}

export function detailOf(shares: readonly Share[], totalS: number): string {
  const words = shares.map(({ what, seconds }) => `${what} ${seconds.toFixed(2)} s`)
  const rest = totalS - shares.reduce((sum, { seconds }) => sum + seconds, 0)
  const tail = rest > 0 ? `, process start and being verified by the others ${rest.toFixed(2)} s` : ''
  return `medians over the nodes: ${words.join(', ')}${tail}`
}
