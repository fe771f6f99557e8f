import { type NodeAction, nodeAction } from '../../src-shared/node-action'
import type { NodeStatus } from '../../src-shared/status'

export interface TrayWords {
  /** The status's own headline, unchanged: window, tray and command line say the same. */
  headline: string
  toolTip: string
  action: NodeAction
  /** 0 to 1 of the step under way, where it says how far it is. */
  progress: number | null
}

export function trayWords(status: NodeStatus): TrayWords {
  const watermark = status.watermark === null ? '' : ` (${status.watermark})`
  return {
    headline: status.headline,
    toolTip: `Espalier${watermark}: ${status.headline}`,
    action: nodeAction(status),
    progress: progressOf(status),
  }
}

function progressOf({ shape, steps }: NodeStatus): number | null {
  if (shape !== 'working') return null
  const progress = steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? Math.min(1, Math.max(0, progress.done / progress.total)) : null
}
