import { nodeAction } from '../../src-shared/node-action'
import { closeSentence } from '../format'
import type { NodeStore } from '../stores/node-store'
import { say } from '../words'
import { failureWords, statusWords } from '../words/node-says'
import { useNode } from './hooks'
import { StatusShapeIcon } from './status-shape'

/** On the pages that do not begin with the node's state: why it was not started, and the way back. */
export function SafeModeNotice({ node }: { node: NodeStore }) {
  const { status, isLive, mayOperate, pending } = useNode(node)
  if (!isLive || !status?.heldBack) return null
  const { cause, code } = failureWords(status.heldBack)
  return (
    <div className="notice is-contact">
      <StatusShapeIcon shape={status.shape} size={18} />
      <p>
        <b>{statusWords(status).headline}.</b> {closeSentence(cause)} <code className="code">{code}</code>
      </p>
      {mayOperate && (
        <button
          type="button"
          className="button is-small"
          disabled={pending !== null}
          onClick={() => void node.command('start')}
        >
          {say.NODE_ACTIONS[nodeAction(status).word]}
        </button>
      )}
    </div>
  )
}
