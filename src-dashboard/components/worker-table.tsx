import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { memo, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { MiniStrip } from '../../src-renderer/components/mini-strip'
import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { Age, CopyText } from '../../src-renderer/components/text'
import { formatCount, formatWhole, shortenPeerId } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import { formatBlocks } from '../../src-shared/blocks'
import { blocksOf, type FeedWorker } from '../feed'
import { deviceWords, memoryWords, requestWords, whyWords, workerState } from '../words'
import { filterWorkers, sortWorkers, WORKER_COLUMNS, type WorkerColumn, type WorkerOrder } from '../worker-order'
import { LoadLine } from './load-line'

const ROW_HEIGHT_PX = 66
/** So many are simply there, for the browser's own search and for printing. */
const FEW = 60

export interface WorkerTableProps {
  workers: readonly FeedWorker[]
  blockCount: number
  /** At the end of a row: what may be done with this worker. */
  actionsOf?: ((worker: FeedWorker) => ReactNode) | undefined
}

/** Every worker, and why it has what it has. A network of thousands is drawn a screen at a time. */
export function WorkerTable({ workers, blockCount, actionsOf }: WorkerTableProps) {
  const [order, setOrder] = useState<WorkerOrder>({ column: 'blocks', isDescending: false })
  const [search, setSearch] = useState('')
  const sorted = useMemo(() => sortWorkers(filterWorkers(workers, search), order), [workers, search, order])
  const table = useRef<HTMLTableElement>(null)
  const [top, setTop] = useState(0)
  // Whatever stands above may grow: a new request, a gap in words.
  useLayoutEffect(() => {
    const measured = table.current ? table.current.getBoundingClientRect().top + window.scrollY : 0
    if (Math.abs(measured - top) > 1) setTop(measured)
  })
  const rows = useWindowVirtualizer({
    count: sorted.length,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: sorted.length <= FEW ? FEW : 10,
    scrollMargin: top,
    getItemKey: (index) => sorted[index]?.key ?? index,
  })
  const shown = rows.getVirtualItems()
  const above = (shown[0]?.start ?? top) - top
  const below = rows.getTotalSize() - ((shown.at(-1)?.end ?? top) - top)
  const turn = (column: WorkerColumn) =>
    setOrder((before) => ({ column, isDescending: before.column === column && !before.isDescending }))

  return (
    <section className="card is-table" aria-labelledby="workers-title">
      <div className="card-head workers-head">
        <h2 id="workers-title">
          {say.WORKERS.title} <span className="quiet">{formatWhole(workers.length)}</span>
        </h2>
        <input
          type="search"
          className="field"
          aria-label={say.WORKERS.filterLabel}
          placeholder={say.WORKERS.filterPlaceholder}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <table className="peers workers" ref={table} aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {WORKER_COLUMNS.map((column) => (
              <Heading key={column} column={column} order={order} onTurn={turn} />
            ))}
            {actionsOf && (
              <th scope="col">
                <span className="only-read">{say.WORKERS.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} />
          {shown.map(({ index }) => {
            const worker = sorted[index]
            if (!worker) return null
            return (
              <WorkerRow
                key={worker.key}
                measure={rows.measureElement}
                index={index}
                worker={worker}
                blockCount={blockCount}
                actionsOf={actionsOf}
              />
            )
          })}
          <Spacer height={below} />
        </tbody>
      </table>
      {sorted.length === 0 && <p className="empty">{say.WORKERS.noMatch}</p>}
    </section>
  )
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tr className="peers-space">
      <td colSpan={WORKER_COLUMNS.length + 1} style={{ height }} />
    </tr>
  )
}

const COLUMN_CLASSES: Readonly<Record<WorkerColumn, string>> = {
  name: 'worker-name',
  state: 'worker-state',
  blocks: 'worker-blocks',
  device: 'worker-device',
  heard: 'number worker-heard',
  tokens: 'number worker-tokens',
}

interface HeadingProps {
  column: WorkerColumn
  order: WorkerOrder
  onTurn(column: WorkerColumn): void
}

function Heading({ column, order, onTurn }: HeadingProps) {
  const isSorted = order.column === column
  return (
    <th
      scope="col"
      className={COLUMN_CLASSES[column]}
      aria-sort={isSorted ? (order.isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" className="sort" onClick={() => onTurn(column)}>
        {say.WORKERS.columns[column]}
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          <path d={order.isDescending && isSorted ? 'M2 3.5l3 3 3-3' : 'M2 6.5l3-3 3 3'} />
        </svg>
      </button>
    </th>
  )
}

interface WorkerRowProps {
  measure(element: Element | null): void
  index: number
  worker: FeedWorker
  blockCount: number
  actionsOf: WorkerTableProps['actionsOf']
}

const WorkerRow = memo(function WorkerRow({ measure, index, worker, blockCount, actionsOf }: WorkerRowProps) {
  const { word, shape } = workerState(worker)
  const blocks = blocksOf(worker)
  const why = whyWords(worker)
  const requests = requestWords(worker)
  return (
    <tr ref={measure} className={`is-${shape}`} data-index={index} aria-rowindex={index + 2}>
      <th scope="row" className="worker-name">
        <span className="peer-name" title={worker.nickname}>
          {worker.nickname || say.WORKERS.noName}
        </span>
        <CopyText text={worker.worker_id} shown={shortenPeerId(worker.worker_id)} what={say.WORKERS.id} />
      </th>
      <td className="worker-state">
        <span className="peer-state">
          <StatusShapeIcon shape={shape} size={16} />
          {word}
        </span>
      </td>
      <td className="worker-blocks">
        {blocks && (
          <span className="peer-blocks" data-lead={say.WORKERS.blocksLead}>
            {formatBlocks(blocks)}
            {blockCount >= blocks.end && <MiniStrip {...blocks} blockCount={blockCount} />}
          </span>
        )}
        {why !== '' && <span className="worker-why">{why}</span>}
        <LoadLine worker={worker} />
      </td>
      <td className="worker-device">
        {deviceWords(worker)}
        <span className="fine">{memoryWords(worker)}</span>
      </td>
      <td className="number worker-heard" data-lead={say.WORKERS.columns.heard}>
        {typeof worker.x_last_seen_at_ms === 'number' ? (
          <Age at={worker.x_last_seen_at_ms} />
        ) : (
          <span className="quiet">–</span>
        )}
      </td>
      <td className="number worker-tokens" title={formatWhole(worker.tokens_served)}>
        <span className="worker-count" data-unit={say.WORKERS.tokensUnit}>
          {formatCount(worker.tokens_served)}
        </span>
        {requests !== '' && <span className="fine">{requests}</span>}
      </td>
      {actionsOf && <td className="worker-actions">{actionsOf(worker)}</td>}
    </tr>
  )
})
