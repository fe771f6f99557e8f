import { lazy, Suspense } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../src-shared/status'
import { chainOf } from '../chain'
import { CapabilityMatrix } from '../components/capability-matrix'
import { Chain } from '../components/chain'
import { Empty } from '../components/empty'
import { useNode } from '../components/hooks'
import { PageHead } from '../components/page-head'
import { PeerTable } from '../components/peer-table'
import { hashOf, PEER_VIEWS, type PeerView } from '../router'
import type { AppStores } from '../stores/app-stores'
import type { GenerationStore } from '../stores/generation-store'
import { say } from '../words'
import { peersLead, tokenTimeWords } from '../words/peers'

/** Land and projection are most of this page's weight, and few look at them. */
const PeerMap = lazy(() => import('../components/peer-map').catch(() => ({ default: MapMissing })))

/** Without contact a part that was never loaded cannot be loaded, and a browser does not ask for it twice. */
function MapMissing() {
  return (
    <Empty
      title={say.PEERS_PAGE.mapFailed}
      action={
        <button type="button" className="link" onClick={() => window.location.reload()}>
          {say.SHELL.reload}
        </button>
      }
    >
      {say.PEERS_PAGE.mapFailedText}
    </Empty>
  )
}

/** The route always stands at the top; beyond so many neighbours the drawing says nothing more. */
const MOST_ROWS = 60

export function PeersPage({ stores, view }: { stores: AppStores; view: PeerView }) {
  const { status, isLive } = useNode(stores.node)
  const locatesPeers = useStore(stores.settings.state, ({ settings }) => settings?.locatesPeers ?? true)
  if (!status) return null
  return (
    <>
      <PageHead title={say.PAGE_NAMES.peers} actions={<Views view={view} />}>
        {peersLead(status.peers, status.peersLeftOut)}
      </PageHead>
      <div className={isLive ? 'panels' : 'panels is-old'}>
        {status.peers.length === 0 && view !== 'map' ? (
          <Empty title={say.PEERS_PAGE.empty}>
            {status.phase === 'stopped' ? say.PEERS_PAGE.emptyStopped : say.PEERS_PAGE.emptyText}
          </Empty>
        ) : view === 'table' ? (
          <PeerTable peers={status.peers} blockCount={status.model?.blockCount ?? null} />
        ) : view === 'capabilities' ? (
          <CapabilityMatrix peers={status.peers} />
        ) : view === 'map' ? (
          <Suspense fallback={<p className="card empty">{say.PEERS_PAGE.mapLoading}</p>}>
            <PeerMap peers={status.peers} isOn={locatesPeers} />
          </Suspense>
        ) : (
          <Path status={status} store={stores.generation} />
        )}
      </div>
    </>
  )
}

function Views({ view }: { view: PeerView }) {
  return (
    <nav className="segments" aria-label={say.PEERS_PAGE.views}>
      {PEER_VIEWS.map((name) => (
        <a key={name} href={hashOf({ page: 'peers', view: name })} aria-current={name === view ? 'true' : undefined}>
          {say.PEER_VIEW_NAMES[name]}
        </a>
      ))}
    </nav>
  )
}

function Path({ status, store }: { status: NodeStatus; store: GenerationStore }) {
  const end = useStore(store.state, ({ generation }) => generation?.end ?? null)
  const hops = end?.hops ?? []
  const rows = chainOf(hops, status.peers)
  const blockCount = status.model?.blockCount ?? Math.max(0, ...rows.map(({ serves }) => serves.end))
  const time = end && hops.length > 0 ? tokenTimeWords(end.tokensPerSecond, hops.map(computeMsOf)) : null
  return (
    <section className="card" aria-labelledby="path-title">
      <div className="card-head">
        <h2 id="path-title">{say.PATH.title}</h2>
        <p className="chain-legend">
          {hops.length > 0 && <span className="is-used">{say.PATH.used}</span>}
          <span>{hops.length > 0 ? say.PATH.free : say.PATH.servers}</span>
        </p>
      </div>
      {rows.length === 0 ? (
        <p className="empty">{say.PATH.noServers}</p>
      ) : (
        <Chain label={say.PATH.title} rows={rows.slice(0, MOST_ROWS)} blockCount={blockCount} />
      )}
      {rows.length > MOST_ROWS && <p className="fine">{say.moreServersWords(rows.length - MOST_ROWS)}</p>}
      <p className="fine">{hops.length === 0 ? say.PATH.empty : time}</p>
    </section>
  )
}

function computeMsOf({ computeMs }: { computeMs: number | null }): number | null {
  return computeMs
}
