import { Age } from '../../src-renderer/components/text'
import type { FeedWorker } from '../feed'
import { loadWords } from '../load-words'

/** What became of the last LOAD_SHARD to a worker, and when. */
export function LoadLine({ worker }: { worker: FeedWorker }) {
  const words = loadWords(worker)
  if (words === '' || !worker.x_load) return null
  return (
    <span className="worker-why worker-load">
      {words}
      {!words.endsWith('…') && (
        <>
          , <Age at={worker.x_load.at} />
        </>
      )}
    </span>
  )
}
