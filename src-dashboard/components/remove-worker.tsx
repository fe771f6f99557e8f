import { useState } from 'react'
import type { FeedWorker } from '../feed'
import { DASHBOARD, decisionWords } from '../words'
import { DecisionDialog } from './decision-dialog'

export interface RemoveWorkerProps {
  worker: FeedWorker
  isBusy: boolean
  onRemove(reason: string): Promise<unknown>
}

/** Takes a worker off the list, after a second question and with a reason. */
export function RemoveWorker({ worker, isBusy, onRemove }: RemoveWorkerProps) {
  const [isAsked, setAsked] = useState(false)
  const name = worker.nickname || 'this worker'
  return (
    <>
      <button
        type="button"
        className="button is-small"
        aria-label={`${DASHBOARD.remove} ${name}`}
        onClick={() => setAsked(true)}
      >
        {DASHBOARD.remove}
      </button>
      {isAsked && (
        <DecisionDialog
          words={decisionWords('remove', name)}
          isDanger
          isBusy={isBusy}
          onYes={(reason) => void onRemove(reason).finally(() => setAsked(false))}
          onNo={() => setAsked(false)}
        />
      )}
    </>
  )
}
