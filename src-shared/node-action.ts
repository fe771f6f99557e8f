import type { NodeStatus } from './status'

/** The profile of a status before a network is chosen. */
export const NO_PROFILE = 'none'

/** The one thing to do about a node; every place that offers it (window, tray, notice) has the word in its language. */
export interface NodeAction {
  /** Null while there is nothing to press: the node is on its way out, or no network is chosen yet. */
  id: 'start' | 'stop' | null
  word: 'start' | 'startNormally' | 'stopping' | 'stop'
}

export function nodeAction({
  phase,
  heldBack,
  profile,
}: Pick<NodeStatus, 'phase' | 'heldBack' | 'profile'>): NodeAction {
  switch (phase) {
    case 'stopped':
      return { id: profile === NO_PROFILE ? null : 'start', word: heldBack ? 'startNormally' : 'start' }
    case 'stopping':
      return { id: null, word: 'stopping' }
    default:
      return { id: 'stop', word: 'stop' }
  }
}
