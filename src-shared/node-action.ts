import type { NodeStatus } from './status'

/** The profile of a status before a network is chosen. */
export const NO_PROFILE = 'none'

/** The one thing to do about a node, in the words of every place that offers it: window, tray, notice. */
export interface NodeAction {
  /** Null while there is nothing to press: the node is on its way out, or no network is chosen yet. */
  id: 'start' | 'stop' | null
  /** Which word stands on the button; the window has them in its language. */
  word: 'start' | 'startNormally' | 'stopping' | 'stop'
  /** The word in English. */
  label: string
}

export function nodeAction({
  phase,
  heldBack,
  profile,
}: Pick<NodeStatus, 'phase' | 'heldBack' | 'profile'>): NodeAction {
  switch (phase) {
    case 'stopped':
      return {
        id: profile === NO_PROFILE ? null : 'start',
        ...(heldBack ? { word: 'startNormally', label: 'Start normally' } : { word: 'start', label: 'Start' }),
      }
    case 'stopping':
      return { id: null, word: 'stopping', label: 'Stopping…' }
    default:
      return { id: 'stop', word: 'stop', label: 'Stop' }
  }
}
