import { type NodeAction, nodeAction } from '../../src-shared/node-action'
import { headlineIn } from '../../src-shared/node-says'
import type { NodeStatus } from '../../src-shared/status'
import type { ShellWords } from './words'

export interface TrayWords {
  /** The status's own headline, in our language: window and tray say the same. */
  headline: string
  toolTip: string
  action: NodeAction
  /** 0 to 1 of the step under way, where it says how far it is. */
  progress: number | null
}

export function trayWords(status: NodeStatus, { says }: Pick<ShellWords, 'says'>): TrayWords {
  const headline = headlineIn(says, status.headline)
  const watermark = status.watermark === null ? '' : ` (${status.watermark})`
  return {
    headline,
    toolTip: `Espalier${watermark}: ${headline}`,
    action: nodeAction(status),
    progress: progressOf(status),
  }
}

function progressOf({ shape, steps }: NodeStatus): number | null {
  if (shape !== 'working') return null
  const progress = steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? Math.min(1, Math.max(0, progress.done / progress.total)) : null
}
