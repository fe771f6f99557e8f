import { formatBlocks } from '../../src-shared/blocks'
import type { PeerSummary } from '../../src-shared/status'
import { formatMs } from '../format'
import { PEER_STATES } from '../words'
import { StatusShapeIcon } from './status-shape'
import { Age, CopyPeerId } from './text'

export function PeerTable({ peers, blockCount }: { peers: readonly PeerSummary[]; blockCount: number | null }) {
  const others = peers.filter(({ isSelf }) => !isSelf).length
  return (
    <section className="card" aria-labelledby="peers-title">
      <div className="card-head">
        <h2 id="peers-title">Peers</h2>
        {others > 0 && <p className="aside">{others === 1 ? '1 other node' : `${others} other nodes`}</p>}
      </div>
      {peers.length === 0 ? (
        <p className="empty">Nobody yet. The nodes that this one meets are listed here, with the blocks they serve.</p>
      ) : (
        <table className="peers">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col" className="peer-wide">
                Blocks
              </th>
              <th scope="col" className="number peer-heard">
                Last heard
              </th>
              <th scope="col" className="number">
                <abbr title="Round trip: the median time of a ping and its answer">RTT</abbr>
              </th>
            </tr>
          </thead>
          <tbody>
            {peers.map((peer) => (
              <PeerRow key={peer.peerId} peer={peer} blockCount={blockCount} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function PeerRow({ peer, blockCount }: { peer: PeerSummary; blockCount: number | null }) {
  const { word, shape } = PEER_STATES[peer.state]
  return (
    <tr className={peer.isSelf ? 'is-self' : undefined}>
      <th scope="row">
        <span className="peer-name" title={peer.publicName ?? undefined}>
          {peer.publicName ?? 'Unnamed'}
        </span>
        {peer.isSelf && <span className="chip">this computer</span>}
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
          <span className="quiet" title="Not measured yet">
            –
          </span>
        ) : (
          formatMs(peer.roundTripMs)
        )}
      </td>
    </tr>
  )
}

/** Which part of the model a node serves, one wire tall. */
function MiniStrip({ start, end, blockCount }: { start: number; end: number; blockCount: number }) {
  return (
    <svg className="mini-strip" viewBox={`0 0 ${blockCount} 4`} preserveAspectRatio="none" aria-hidden="true">
      <rect className="mini-wire" x="0" y="1.5" width={blockCount} height="1" />
      <rect className="mini-own" x={start} y="0" width={end - start} height="4" />
    </svg>
  )
}
