import type { NodeStatus } from '../../src-shared/status'

export interface TrayWords {
  /** The status's own headline, unchanged: window, tray and command line say the same. */
  headline: string
  toolTip: string
  /** What pressing the one button does now; null while the node stops. */
  action: { id: 'start' | 'stop'; label: string } | null
  /** 0 to 1 of the step under way, where it says how far it is. */
  progress: number | null
}

export function trayWords(status: NodeStatus): TrayWords {
  const progress = progressOf(status)
  const percent = progress === null || status.headline.includes('%') ? '' : `, ${Math.floor(progress * 100)} %`
  const watermark = status.watermark === null ? '' : ` (${status.watermark})`
  return {
    headline: status.headline,
    toolTip: `Espalier${watermark}: ${status.headline}${percent}`,
    action: actionOf(status),
    progress,
  }
}

function progressOf({ shape, steps }: NodeStatus): number | null {
  if (shape !== 'working') return null
  const progress = steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? Math.min(1, Math.max(0, progress.done / progress.total)) : null
}

function actionOf({ phase }: NodeStatus): TrayWords['action'] {
  if (phase === 'stopping') return null
  return phase === 'stopped' ? { id: 'start', label: 'Start' } : { id: 'stop', label: 'Stop' }
}
