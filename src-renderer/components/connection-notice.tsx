import type { NodeStore } from '../stores/node-store'
import { say } from '../words'
import { connectionHero, retryWords } from '../words/connection'
import { useNode, useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'

/** On the pages that do not begin with the node's state: says that what stands there is old. */
export function ConnectionNotice({ node }: { node: NodeStore }) {
  const { connection, status, receivedAt, isLive } = useNode(node)
  const now = useNow()
  if (isLive) return null
  const { shape, headline } = connectionHero(connection, status)
  const retry = retryWords(connection, receivedAt, now)
  return (
    <div className="notice is-contact">
      <StatusShapeIcon shape={shape} size={18} />
      <p>
        <b role="status">{headline}.</b> {retry}
      </p>
      {connection.state === 'retrying' && (
        <button type="button" className="button is-small" onClick={node.retryNow}>
          {say.SHELL.tryNow}
        </button>
      )}
    </div>
  )
}
