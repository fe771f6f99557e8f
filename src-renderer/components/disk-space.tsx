import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { DiskView } from '../../src-shared/file-views'
import { formatBytes } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { diskWords, freeWords } from '../words/files'
import { blockWords } from '../words/node'
import { ConfirmDialog } from './confirm-dialog'
import { FailureNote } from './failure-note'
import { Age } from './text'

export interface DiskSpaceProps {
  store: AskedStore<DiskView>
  /** Asked again whenever this changes. */
  filesKey: string
  disabled: boolean
}

/** What all models take on this disk, and a way to get back what is not in use. */
export function DiskSpace({ store, filesKey, disabled }: DiskSpaceProps) {
  const { value: view, isAsking, failure } = useStore(store.state)
  // biome-ignore lint/correctness/useExhaustiveDependencies: other files lie there when the key changes
  useEffect(() => store.ask(), [store, filesKey])
  /** What was shown when the question was asked: nothing else is removed. */
  const [going, setGoing] = useState<DiskView['slices'] | null>(null)
  const unused = view?.slices.filter(({ isInUse }) => !isInUse) ?? []
  const free = async (slices: DiskView['slices']) => {
    await store.change((client) => client.call('disk.free', { ids: slices.map(({ id }) => id) }))
    setGoing(null)
  }
  return (
    <section className="card" aria-labelledby="space-title" aria-busy={isAsking}>
      <div className="card-head fetch-head">
        <h2 id="space-title">{say.DISK.title}</h2>
        {view && view.slices.length > 0 && (
          <button
            type="button"
            className="button is-small"
            disabled={disabled || unused.length === 0 || isAsking}
            title={unused.length === 0 ? say.DISK.nothingToFree : undefined}
            onClick={() => setGoing(unused)}
          >
            {say.DISK.free} {unused.length > 0 && <span className="quiet">{formatBytes(view.reclaimableBytes)}</span>}
          </button>
        )}
      </div>
      {failure && (
        <FailureNote failure={failure} lead={say.DISK.failed}>
          <button type="button" className="link" onClick={store.ask}>
            {say.DISK.again}
          </button>
        </FailureNote>
      )}
      {!view && !failure && <p className="empty">{say.DISK.loading}</p>}
      {view && (
        <>
          <p className="figure">{formatBytes(view.usedBytes)}</p>
          <p className="figure-words">{diskWords(view)}</p>
          <Share view={view} />
          {view.slices.length === 0 ? (
            <p className="empty">{say.DISK.empty}</p>
          ) : (
            <>
              <ul className="file-rows">
                {view.slices.map((slice) => (
                  <Slice key={slice.id} slice={slice} />
                ))}
              </ul>
              <p className="card-foot">{say.DISK.order}</p>
            </>
          )}
        </>
      )}
      {going && (
        <ConfirmDialog
          title={say.DISK.confirmTitle}
          text={freeWords(going)}
          yes={
            isAsking
              ? say.DISK.freeing
              : say.DISK.freeThis(formatBytes(going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)))
          }
          no={say.DISK.confirmNo}
          isBusy={isAsking}
          onYes={() => void free(going)}
          onNo={() => setGoing(null)}
        />
      )}
    </section>
  )
}

/** Of the limit, or of what is here and could still be. */
function Share({ view }: { view: DiskView }) {
  const whole = Math.max(view.capBytes ?? view.usedBytes + view.freeBytes, 1)
  return (
    <div className="share" aria-hidden="true">
      <span style={{ width: `${Math.min(100, (100 * view.usedBytes) / whole)}%` }} />
    </div>
  )
}

function Slice({ slice }: { slice: DiskView['slices'][number] }) {
  const { model, blocks, sizeBytes, isFinished, isInUse, usedAt } = slice
  return (
    <li>
      <span className="file-name">
        {model ?? say.DISK.unknownModel}, {blockWords([blocks])}
      </span>
      <span className="aside">{formatBytes(sizeBytes)}</span>
      <span className={isInUse ? 'file-note is-own' : 'file-note'}>
        {isInUse ? say.DISK.inUse : isFinished ? say.DISK.unused : `${say.DISK.unfinished}, ${say.DISK.unused}`}
        {!isInUse && usedAt !== null && (
          <>
            , {say.DISK.lastUsed} <Age at={usedAt} />
          </>
        )}
      </span>
    </li>
  )
}
