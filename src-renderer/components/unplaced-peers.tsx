import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { PeerSummary } from '../../src-shared/status'
import { say } from '../words'
import { blockWords, peerStateWords } from '../words/node'
import { StatusShapeIcon } from './status-shape'
import { CopyPeerId } from './text'

const ROW_PX = 57

/** Peers whose place nobody knows, by name; only the rows in view are drawn. */
export function UnplacedPeers({ peers }: { peers: readonly PeerSummary[] }) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: peers.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => peers[index]?.peerId ?? index,
    overscan: 10,
  })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className="map-unplaced" ref={box} tabIndex={0}>
      <ul style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const peer = peers[index]
          return (
            peer && (
              <li
                key={key}
                data-index={index}
                ref={rows.measureElement}
                style={{ transform: `translateY(${start}px)` }}
                aria-setsize={peers.length}
                aria-posinset={index + 1}
              >
                <StatusShapeIcon
                  shape={peerStateWords(peer.state).shape}
                  size={16}
                  label={peerStateWords(peer.state).word}
                />
                <span className="map-name">
                  <b>{peer.publicName ?? say.PEERS_PAGE.unnamed}</b>
                  <CopyPeerId peerId={peer.peerId} />
                </span>
                <span className="aside">
                  {peer.isSelf ? say.PEERS_PAGE.self : peer.blocks ? blockWords([peer.blocks]) : null}
                </span>
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}
