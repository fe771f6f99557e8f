import { useEffect } from 'react'
import type { NodeStatus, StatusShape } from '../../src-shared/status'
import type { Connection } from '../bridge/transport'
import type { AppActions, AppState } from '../store'
import { connectionHero, retryWords, SHAPE_NAMES } from '../words'
import { useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'
import { WithPeers } from './text'

export interface HeroProps {
  connection: Connection
  status: NodeStatus | null
  receivedAt: number | null
  isLive: boolean
  pending: AppState['pending']
  failure: AppState['failure']
  actions: AppActions
}

/** One state, one sentence, one button. */
export function Hero({ connection, status, receivedAt, isLive, pending, failure, actions }: HeroProps) {
  const now = useNow()
  const shown = isLive && status ? status : connectionHero(connection, status)
  const progress = isLive && status ? progressOf(status) : undefined
  const retry = retryWords(connection, receivedAt, now)
  useEffect(() => {
    document.title = `${shown.headline} · Espalier`
  }, [shown.headline])
  return (
    <header className="hero">
      <HeroBadge shape={shown.shape} progress={progress} />
      <div className="hero-words">
        <div role="status">
          <h1>{shown.headline}</h1>
          <p>
            <WithPeers text={shown.sentence} />
          </p>
        </div>
        {/* Outside of the region that is read aloud: it counts seconds. */}
        {retry && <p className="fine">{retry}</p>}
        {failure && (
          <p className="blocker" role="alert">
            {failure.cause}. {failure.action} <code className="code">{failure.code}</code>{' '}
            <button type="button" className="link" onClick={actions.dismissFailure}>
              Dismiss
            </button>
          </p>
        )}
      </div>
      <div className="hero-actions">
        <PrimaryAction connection={connection} status={isLive ? status : null} pending={pending} actions={actions} />
      </div>
    </header>
  )
}

function HeroBadge({ shape, progress }: { shape: StatusShape; progress: number | undefined }) {
  return (
    <span className={`hero-badge is-${shape}`}>
      <StatusShapeIcon shape={shape} size={34} progress={progress} label={SHAPE_NAMES[shape]} />
    </span>
  )
}

function progressOf(status: NodeStatus): number | undefined {
  const progress = status.steps.find(({ state }) => state === 'working')?.progress
  return progress && progress.total > 0 ? progress.done / progress.total : undefined
}

type PrimaryActionProps = Pick<HeroProps, 'connection' | 'status' | 'pending' | 'actions'>

function PrimaryAction({ connection, status, pending, actions }: PrimaryActionProps) {
  if (connection.state === 'retrying') {
    return (
      <button type="button" className="button" onClick={actions.retryNow}>
        Try now
      </button>
    )
  }
  if (connection.state !== 'open' || !status) return null
  if (!connection.scopes.includes('operate')) {
    return (
      <span className="chip" title="This link shows the node and cannot change it.">
        Read-only link
      </span>
    )
  }
  const disabled = pending !== null || status.phase === 'stopping'
  if (status.phase === 'stopped') {
    return (
      <button type="button" className="button is-primary" disabled={disabled} onClick={() => void actions.start()}>
        {pending === 'start' ? 'Starting…' : 'Start'}
      </button>
    )
  }
  return (
    <button type="button" className="button" disabled={disabled} onClick={() => void actions.stop()}>
      {pending === 'stop' || status.phase === 'stopping' ? 'Stopping…' : 'Stop'}
    </button>
  )
}
