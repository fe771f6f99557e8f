import { nodeAction } from '../../src-shared/node-action'
import { closeSentence } from '../format'
import type { NodeStore } from '../stores/node-store'
import { useNode } from './hooks'
import { StatusShapeIcon } from './status-shape'

/** On the pages that do not begin with the node's state: why it was not started, and the way back. */
export function SafeModeNotice({ node }: { node: NodeStore }) {
  const { status, isLive, mayOperate, pending } = useNode(node)
  if (!isLive || !status?.heldBack) return null
  return (
    <div className="notice is-contact">
      <StatusShapeIcon shape={status.shape} size={18} />
      <p>
        <b>{status.headline}.</b> {closeSentence(status.heldBack.cause)}{' '}
        <code className="code">{status.heldBack.code}</code>
      </p>
      {mayOperate && (
        <button
          type="button"
          className="button is-small"
          disabled={pending !== null}
          onClick={() => void node.command('start')}
        >
          {nodeAction(status).label}
        </button>
      )}
    </div>
  )
}
