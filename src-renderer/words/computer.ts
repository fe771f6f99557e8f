import type { NodeStatus } from '../../src-shared/status'
import { formatBytes, formatCores } from '../format'
import { say } from '.'

type Resources = NodeStatus['resources']
type OverCap = NonNullable<Resources['over']>[number]

/** `↓ 1.2 kB/s ↑ 30 B/s`; totals while no rate is known. */
export function networkWords({ network }: Pick<Resources, 'network'>): { now: string; total: string } | null {
  if (!network) return null
  const { receivedPerS, sentPerS, receivedBytes, sentBytes } = network
  const total = `↓ ${formatBytes(receivedBytes)} ↑ ${formatBytes(sentBytes)}`
  if (receivedPerS === null || sentPerS === null) return { now: total, total }
  return { now: `↓ ${formatBytes(Math.round(receivedPerS))}/s ↑ ${formatBytes(Math.round(sentPerS))}/s`, total }
}

/** What stays above a limit, and what to do about it. */
export function overWords({ what, used, cap }: OverCap): { lead: string; text: string } {
  const { lead, text } = say.OVER[what]
  const format = what === 'memory' ? formatBytes : formatCores
  return { lead, text: text(format(used), format(cap)) }
}
