import { type NodeAction, nodeAction } from '../../src-shared/node-action'
import { headlineIn } from '../../src-shared/node-says'
import type { NodeStatus } from '../../src-shared/status'
import type { ShellWords } from './words'

export interface TrayWords {
  /** The status's own headline, in our language: window and tray say the same. */
  headline: string
  toolTip: string
  /** Who else is there, and what this computer has computed for them; empty while no node runs. */
  lines: { id: 'peers' | 'tokens'; label: string }[]
  action: NodeAction
  /** 0 to 1 of the step under way, where it says how far it is. */
  progress: number | null
}

export function trayWords(status: NodeStatus, { says, tray }: Pick<ShellWords, 'says' | 'tray'>): TrayWords {
  const headline = headlineIn(says, status.headline)
  const watermark = status.watermark === null ? '' : ` (${status.watermark})`
  return {
    headline,
    toolTip: `Espalier${watermark}: ${headline}`,
    lines: linesOf(status, tray),
    action: nodeAction(status),
    progress: progressOf(status),
  }
}

function linesOf({ phase, peers, peersLeftOut = 0, contribution }: NodeStatus, said: ShellWords['tray']) {
  if (phase === 'stopped' || phase === 'stopping') return []
  return [
    { id: 'peers' as const, label: said.peers(peers.length + peersLeftOut) },
    { id: 'tokens' as const, label: said.tokens(contribution.tokens) },
  ]
}

function progressOf({ shape, steps }: NodeStatus): number | null {
  if (shape !== 'working') return null
  const progress = steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? Math.min(1, Math.max(0, progress.done / progress.total)) : null
}
