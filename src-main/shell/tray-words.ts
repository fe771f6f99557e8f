import { type NodeAction, nodeAction } from '../../src-shared/node-action'
import { headlineIn } from '../../src-shared/node-says'
import type { NodeStatus } from '../../src-shared/status'
import { textStrip } from '../../src-shared/text-strip'
import type { ShellWords } from './words'

/** Windows shows so many UTF-16 units and cuts off the rest (NOTIFYICONDATA.szTip, with its closing zero 128). */
const MOST_TOOLTIP_CHARS = 127
/** About as wide as the words above it. */
const MOST_STRIP_CELLS = 32

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
  return {
    headline,
    toolTip: toolTipOf(status, headline),
    lines: linesOf(status, tray),
    action: nodeAction(status),
    progress: progressOf(status),
  }
}

/** The state, and below it the block strip; whole as long as the strip fits. */
function toolTipOf(status: NodeStatus, headline: string): string {
  const watermark = status.watermark === null ? '' : ` (${status.watermark})`
  const words = `Espalier${watermark}: ${headline}`
  const strip = textStrip(status, MOST_STRIP_CELLS)
  const room = MOST_TOOLTIP_CHARS - (strip === '' ? 0 : strip.length + 1)
  const shown = words.length <= room ? words : `${words.slice(0, room - 1)}…`
  return strip === '' ? shown : `${shown}\n${strip}`
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
