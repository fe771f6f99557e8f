import type { NodeStatus } from './status'

/** The one thing to do about a node, in the words of every place that offers it: window, tray, notice. */
export interface NodeAction {
  /** Null while there is nothing to press: the node is on its way out. */
  id: 'start' | 'stop' | null
  label: string
}

export function nodeAction({ phase, heldBack }: Pick<NodeStatus, 'phase' | 'heldBack'>): NodeAction {
  switch (phase) {
    case 'stopped':
      return { id: 'start', label: heldBack ? 'Start normally' : 'Start' }
    case 'stopping':
      return { id: null, label: 'Stopping…' }
    default:
      return { id: 'stop', label: 'Stop' }
  }
}
