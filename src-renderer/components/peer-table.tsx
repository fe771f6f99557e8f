import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatBlocks } from '../../src-shared/blocks'
import type { PeerSummary } from '../../src-shared/status'
import { formatMs } from '../format'
import { PEER_COLUMNS, type PeerColumn, type PeerOrder, sortPeers } from '../peer-order'
import { say } from '../words'
import { peerStateWords } from '../words/node'
import { MiniStrip } from './mini-strip'
import { StatusShapeIcon } from './status-shape'
import { Age, CopyPeerId } from './text'

const ROW_HEIGHT_PX = 65
/** So many are simply there, for the browser's own search and for printing. */
const FEW = 60

export interface PeerTableProps {
  peers: readonly PeerSummary[]
  blockCount: number | null
}

export function PeerTable({ peers, blockCount }: PeerTableProps) {
  const [order, setOrder] = useState<PeerOrder>({ column: 'blocks', isDescending: false })
  const sorted = useMemo(() => sortPeers(peers, order), [peers, order])
  const table = useRef<HTMLTableElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => setTop(table.current?.offsetTop ?? 0), [])
  // A network of a thousand nodes is drawn a screen at a time.
  const rows = useWindowVirtualizer({
    count: sorted.length,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: sorted.length <= FEW ? FEW : 12,
    scrollMargin: top,
    getItemKey: (index) => sorted[index]?.peerId ?? index,
  })
  const shown = rows.getVirtualItems()
  const above = (shown[0]?.start ?? top) - top
  const below = rows.getTotalSize() - ((shown.at(-1)?.end ?? top) - top)
  const turn = (column: PeerColumn) =>
    setOrder((before) => ({ column, isDescending: before.column === column && !before.isDescending }))

  return (
    <section className="card is-table" aria-label={say.PEERS_PAGE.title}>
      <table className="peers" ref={table} aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {PEER_COLUMNS.map((column) => (
              <Heading key={column} column={column} order={order} onTurn={turn} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} />
          {shown.map(({ index }) => {
            const peer = sorted[index]
            return peer && <PeerRow key={peer.peerId} row={index + 2} peer={peer} blockCount={blockCount} />
          })}
          <Spacer height={below} />
        </tbody>
      </table>
    </section>
  )
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tr className="peers-space">
      <td colSpan={PEER_COLUMNS.length} style={{ height }} />
    </tr>
  )
}

const COLUMN_CLASSES: Readonly<Record<PeerColumn, string | undefined>> = {
  name: undefined,
  state: undefined,
  blocks: 'peer-wide',
  seenAt: 'number peer-heard',
  roundTripMs: 'number',
}

interface HeadingProps {
  column: PeerColumn
  order: PeerOrder
  onTurn(column: PeerColumn): void
}

function Heading({ column, order, onTurn }: HeadingProps) {
  const isSorted = order.column === column
  return (
    <th
      scope="col"
      className={COLUMN_CLASSES[column]}
      aria-sort={isSorted ? (order.isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        className="sort"
        title={column === 'roundTripMs' ? say.PEERS_PAGE.roundTripHint : undefined}
        onClick={() => onTurn(column)}
      >
        {say.PEERS_PAGE.columns[column]}
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          <path d={order.isDescending && isSorted ? 'M2 3.5l3 3 3-3' : 'M2 6.500l3-3 3 3'} />
        </svg>
      </button>
    </th>
  )
}

interface PeerRowProps {
  row: number
  peer: PeerSummary
  blockCount: number | null
}

const PeerRow = memo(
  function PeerRow({ row, peer, blockCount }: PeerRowProps) {
    const { word, shape } = peerStateWords(peer.state)
    return (
      <tr className={peer.isSelf ? 'is-self' : undefined} aria-rowindex={row}>
        <th scope="row">
          <span className="peer-name" title={peer.publicName ?? undefined}>
            {peer.publicName ?? say.PEERS_PAGE.unnamed}
          </span>
          {peer.isSelf && <span className="chip">{say.PEERS_PAGE.self}</span>}
          <CopyPeerId peerId={peer.peerId} />
        </th>
        <td>
          <span className="peer-state">
            <StatusShapeIcon shape={shape} size={16} />
            {word}
          </span>
        </td>
        <td>
          {peer.blocks ? (
            <span className="peer-blocks">
              {formatBlocks(peer.blocks)}
              {blockCount !== null && <MiniStrip {...peer.blocks} blockCount={blockCount} />}
            </span>
          ) : (
            <span className="quiet">–</span>
          )}
        </td>
        <td className="number peer-heard">{peer.isSelf ? null : <Age at={peer.seenAt} />}</td>
        <td className="number">
          {peer.isSelf ? null : peer.roundTripMs === null ? (
            <span className="quiet" title={say.PEERS_PAGE.notMeasured}>
              –
            </span>
          ) : (
            formatMs(peer.roundTripMs)
          )}
        </td>
      </tr>
    )
  },
  (before, after) =>
    before.row === after.row &&
    before.blockCount === after.blockCount &&
    JSON.stringify(before.peer) === JSON.stringify(after.peer),
)
