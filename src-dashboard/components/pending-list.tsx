import { useState } from 'react'
import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { Age, CopyText } from '../../src-renderer/components/text'
import { shortenPeerId } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { FeedWorker } from '../feed'
import { decisionWords, deviceWords, memoryWords } from '../words'
import { DecisionDialog } from './decision-dialog'

export interface PendingListProps {
  workers: readonly FeedWorker[]
  /** Null for those who may only look. */
  onDecide: ((kind: 'approve' | 'reject', worker: FeedWorker, reason: string) => Promise<unknown>) | null
  isBusy: boolean
}

/** So many at once can be decided with care; the rest waits its turn. */
const SHOWN = 12

/** Who asks to join, the longest-waiting first, with the two answers there are. */
export function PendingList({ workers, onDecide, isBusy }: PendingListProps) {
  const [asked, setAsked] = useState<{ kind: 'approve' | 'reject'; worker: FeedWorker } | null>(null)
  const waiting = [...workers].sort((a, b) => (a.x_registered_at_ms ?? 0) - (b.x_registered_at_ms ?? 0))
  if (waiting.length === 0) return null
  return (
    <section className="card asks" aria-labelledby="pending-title">
      <div className="card-head">
        <h2 id="pending-title">{onDecide ? say.PENDING.title : say.PENDING.titleReader}</h2>
        <p className="aside">{say.PENDING.requests(waiting.length)}</p>
      </div>
      <ul>
        {waiting.slice(0, SHOWN).map((worker) => (
          <li key={worker.key}>
            <StatusShapeIcon shape="waiting" size={20} />
            <div className="ask-who">
              <p className="ask-name">
                <b title={worker.nickname}>{worker.nickname || say.WORKERS.noName}</b>
                <CopyText text={worker.worker_id} shown={shortenPeerId(worker.worker_id)} what={say.WORKERS.id} />
              </p>
              <p className="fine is-strong">
                {deviceWords(worker)}, {memoryWords(worker)}
                {typeof worker.x_registered_at_ms === 'number' && (
                  <>
                    ; {say.PENDING.asked} <Age at={worker.x_registered_at_ms} />
                  </>
                )}
              </p>
            </div>
            {onDecide && (
              <div className="ask-actions">
                <button
                  type="button"
                  className="button is-small"
                  aria-label={`${say.DECIDING.reject.yes} ${worker.nickname}`}
                  onClick={() => setAsked({ kind: 'reject', worker })}
                >
                  {say.DECIDING.reject.yes}
                </button>
                <button
                  type="button"
                  className="button is-small is-primary"
                  aria-label={`${say.DECIDING.approve.yes} ${worker.nickname}`}
                  onClick={() => setAsked({ kind: 'approve', worker })}
                >
                  {say.DECIDING.approve.yes}
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {waiting.length > SHOWN && <p className="fine">{say.PENDING.more(waiting.length - SHOWN)}</p>}
      {asked && onDecide && (
        <DecisionDialog
          words={decisionWords(asked.kind, asked.worker.nickname)}
          isDanger={asked.kind === 'reject'}
          isBusy={isBusy}
          onYes={(reason) => void onDecide(asked.kind, asked.worker, reason).finally(() => setAsked(null))}
          onNo={() => setAsked(null)}
        />
      )}
    </section>
  )
}
