import { useState } from 'react'
import { say } from '../../src-renderer/words'
import type { FeedWorker } from '../feed'
import { decisionWords } from '../words'
import { DecisionDialog } from './decision-dialog'

export interface RemoveWorkerProps {
  worker: FeedWorker
  isBusy: boolean
  onRemove(reason: string): Promise<unknown>
}

/** Takes a worker off the list, after a second question and with a reason. */
export function RemoveWorker({ worker, isBusy, onRemove }: RemoveWorkerProps) {
  const [isAsked, setAsked] = useState(false)
  const name = worker.nickname || say.WORKERS.unnamed
  return (
    <>
      <button
        type="button"
        className="button is-small"
        aria-label={`${say.DECIDING.remove.yes} ${name}`}
        onClick={() => setAsked(true)}
      >
        {say.DECIDING.remove.yes}
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
