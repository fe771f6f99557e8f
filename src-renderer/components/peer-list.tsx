import { formatBlocks } from '../../src-shared/blocks'
import type { PeerSummary } from '../../src-shared/status'
import { hashOf } from '../router'
import { say } from '../words'
import { peerStateWords } from '../words/node'
import { MiniStrip } from './mini-strip'
import { StatusShapeIcon } from './status-shape'

const SHOWN = 5

/** The neighbours at a glance; the page of its own tells the rest. */
export function PeerList({ peers, blockCount }: { peers: readonly PeerSummary[]; blockCount: number | null }) {
  const others = peers.filter(({ isSelf }) => !isSelf)
  return (
    <section className="card" aria-labelledby="peers-title">
      <div className="card-head">
        <h2 id="peers-title">{say.OVERVIEW.peersTitle}</h2>
        {others.length > 0 && <p className="aside">{say.othersWords(others.length)}</p>}
      </div>
      {others.length === 0 ? (
        <p className="empty">{say.OVERVIEW.noPeers}</p>
      ) : (
        <ul className="peer-list">
          {others.slice(0, SHOWN).map(({ peerId, publicName, blocks, state }) => (
            <li key={peerId}>
              <StatusShapeIcon shape={peerStateWords(state).shape} size={16} label={peerStateWords(state).word} />
              <span className="peer-list-name" title={peerId}>
                {publicName ?? say.PEERS_PAGE.unnamed}
              </span>
              {blocks && blockCount !== null ? <MiniStrip {...blocks} blockCount={blockCount} /> : <span />}
              <span className={blocks ? 'number' : 'number quiet'}>{blocks ? formatBlocks(blocks) : '–'}</span>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <p className="card-foot">
          <a className="link" href={hashOf({ page: 'peers', view: 'table' })}>
            {say.OVERVIEW.allPeers}
          </a>
        </p>
      )}
    </section>
  )
}
