import { useEffect } from 'react'
import { nodeAction } from '../../src-shared/node-action'
import type { NodeStatus, StatusShape } from '../../src-shared/status'
import type { Connection } from '../bridge/transport'
import type { NodeState, NodeStore } from '../stores/node-store'
import { say } from '../words'
import { connectionHero, retryWords } from '../words/connection'
import { statusWords } from '../words/node-says'
import { FailureNote } from './failure-note'
import { useNode, useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'
import { WithPeers } from './text'

export interface HeroProps {
  node: NodeStore
  /** False while something is missing that decides what the page will be: the node's own words wait until then. */
  isReady?: boolean
}

/** One state, one sentence, one button. */
export function Hero({ node, isReady = true }: HeroProps) {
  const { connection, status, receivedAt, mayOperate, pending, failure, ...rest } = useNode(node)
  const isLive = rest.isLive && isReady
  const now = useNow()
  const shown = isLive && status ? { shape: status.shape, ...statusWords(status) } : connectionHero(connection, status)
  const progress = isLive && status ? progressOf(status) : undefined
  const retry = retryWords(connection, receivedAt, now)
  useEffect(() => {
    document.title = `${shown.headline} · Espalier`
  }, [shown.headline])
  return (
    <header className="hero">
      <HeroBadge shape={shown.shape} progress={progress} />
      <div className="hero-words">
        {/* Percents would be read aloud a hundred times; the step that follows is. */}
        <div role="status" aria-live={progress === undefined ? 'polite' : 'off'}>
          <h1 tabIndex={-1}>{shown.headline}</h1>
          <p>
            <WithPeers text={shown.sentence} />
          </p>
        </div>
        {/* Outside of the region that is read aloud: it counts seconds. */}
        {retry && <p className="fine">{retry}</p>}
        {failure && (
          <FailureNote failure={failure}>
            <button type="button" className="link" onClick={node.dismissFailure}>
              {say.SHELL.dismiss}
            </button>
          </FailureNote>
        )}
      </div>
      <div className="hero-actions">
        <PrimaryAction
          connection={connection}
          status={isLive ? status : null}
          pending={pending}
          mayOperate={mayOperate}
          node={node}
        />
      </div>
    </header>
  )
}

function HeroBadge({ shape, progress }: { shape: StatusShape; progress: number | undefined }) {
  return (
    <span className={`hero-badge is-${shape}`}>
      <StatusShapeIcon shape={shape} size={34} progress={progress} label={say.SHAPE_NAMES[shape]} />
    </span>
  )
}

function progressOf(status: NodeStatus): number | undefined {
  const progress = status.steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? progress.done / progress.total : undefined
}

interface PrimaryActionProps {
  connection: Connection
  status: NodeStatus | null
  pending: NodeState['pending']
  mayOperate: boolean
  node: NodeStore
}

function PrimaryAction({ connection, status, pending, mayOperate, node }: PrimaryActionProps) {
  if (connection.state === 'retrying') {
    return (
      <button type="button" className="button" onClick={node.retryNow}>
        {say.SHELL.tryNow}
      </button>
    )
  }
  if (connection.state !== 'open' || !status) return null
  if (!mayOperate) {
    return (
      <span className="chip" title={say.SHELL.readOnlyHint}>
        {say.SHELL.readOnly}
      </span>
    )
  }
  const { id, word } = nodeAction(status)
  return (
    <button
      type="button"
      className={id === 'start' ? 'button is-primary' : 'button'}
      disabled={pending !== null || id === null}
      onClick={() => id && void node.command(id)}
    >
      {say.NODE_ACTIONS[word]}
    </button>
  )
}
