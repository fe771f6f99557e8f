import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { formatBlocks } from '../../src-shared/blocks'
import type { DiskView } from '../../src-shared/file-views'
import { formatBytes } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { DISK, diskWords, freeWords } from '../words/files'
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
        <h2 id="space-title">{DISK.title}</h2>
        {view && view.slices.length > 0 && (
          <button
            type="button"
            className="button is-small"
            disabled={disabled || unused.length === 0 || isAsking}
            title={unused.length === 0 ? DISK.nothingToFree : undefined}
            onClick={() => setGoing(unused)}
          >
            {DISK.free} {unused.length > 0 && <span className="quiet">{formatBytes(view.reclaimableBytes)}</span>}
          </button>
        )}
      </div>
      {failure && (
        <FailureNote failure={failure} lead={DISK.failed}>
          <button type="button" className="link" onClick={store.ask}>
            {DISK.again}
          </button>
        </FailureNote>
      )}
      {!view && !failure && <p className="empty">{DISK.loading}</p>}
      {view && (
        <>
          <p className="figure">{formatBytes(view.usedBytes)}</p>
          <p className="figure-words">{diskWords(view)}</p>
          <Share view={view} />
          {view.slices.length === 0 ? (
            <p className="empty">{DISK.empty}</p>
          ) : (
            <>
              <ul className="file-rows">
                {view.slices.map((slice) => (
                  <Slice key={slice.id} slice={slice} />
                ))}
              </ul>
              <p className="card-foot">{DISK.order}</p>
            </>
          )}
        </>
      )}
      {going && (
        <ConfirmDialog
          title={DISK.confirmTitle}
          text={freeWords(going)}
          yes={
            isAsking ? DISK.freeing : `Free ${formatBytes(going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}`
          }
          no={DISK.confirmNo}
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
  const many = blocks.end - blocks.start > 1
  return (
    <li>
      <span className="file-name">
        {model ?? DISK.unknownModel}, {many ? 'blocks' : 'block'} {formatBlocks(blocks)}
      </span>
      <span className="aside">{formatBytes(sizeBytes)}</span>
      <span className={isInUse ? 'file-note is-own' : 'file-note'}>
        {isInUse ? DISK.inUse : isFinished ? DISK.unused : `${DISK.unfinished}, ${DISK.unused}`}
        {!isInUse && usedAt !== null && (
          <>
            , {DISK.lastUsed} <Age at={usedAt} />
          </>
        )}
      </span>
    </li>
  )
}
