import { say } from '../../src-renderer/words'
import { blocksOf, type FeedWorker } from '../feed'
import { mayCancelLoad, maySendLoad } from '../load-words'

export interface LoadCommandProps {
  worker: FeedWorker
  isBusy: boolean
  onSend(): void
  onCancel(): void
}

/** The host's hand on LOAD_SHARD to one worker that has blocks. What came of it stands beside them, in `LoadLine`. */
export function LoadCommand({ worker, isBusy, onSend, onCancel }: LoadCommandProps) {
  if (worker.status !== 'online' || !blocksOf(worker)) return null
  const { LOAD_COMMAND, WORKERS } = say
  const name = worker.nickname || WORKERS.unnamed
  return (
    <>
      {maySendLoad(worker) && (
        <button
          type="button"
          className="button is-small"
          aria-label={LOAD_COMMAND.sendLabel(name)}
          disabled={isBusy}
          onClick={onSend}
        >
          {LOAD_COMMAND.send}
        </button>
      )}
      {mayCancelLoad(worker) && (
        <button
          type="button"
          className="button is-small"
          aria-label={LOAD_COMMAND.cancelLabel(name)}
          disabled={isBusy}
          onClick={onCancel}
        >
          {LOAD_COMMAND.cancel}
        </button>
      )}
    </>
  )
}
