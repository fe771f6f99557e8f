import { useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import { Counts } from '../../src-dashboard/components/counts'
import { DecisionLog } from '../../src-dashboard/components/decision-log'
import { InviteDialog } from '../../src-dashboard/components/invite-dialog'
import { LoadCommand } from '../../src-dashboard/components/load-command'
import { PendingList } from '../../src-dashboard/components/pending-list'
import { WorkerTable } from '../../src-dashboard/components/worker-table'
import type { FeedWorker, Snapshot } from '../../src-dashboard/feed'
import type { HostStatus } from '../../src-shared/host-network'
import { BlockStrip } from '../components/block-strip'
import { ConfirmDialog } from '../components/confirm-dialog'
import { Empty } from '../components/empty'
import { FailureNote } from '../components/failure-note'
import { useNode, useNow } from '../components/hooks'
import { PageHead } from '../components/page-head'
import { StatusShapeIcon } from '../components/status-shape'
import { CopyText } from '../components/text'
import { hashOf } from '../router'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { hostHeadline, sinceWords } from '../words/host'
import { HostForm } from './host-form'
import type { HostStore } from './host-store'
import '../../src-dashboard/styles/network.css'
import './host.css'

/** The coordinator of a network, in the app: choose a model, share the address, decide who joins. */
export function HostPage({ stores, isFirstRun }: { stores: AppStores; isFirstRun: boolean }) {
  const { isLive, mayOperate } = useNode(stores.node)
  const { host, failure, invite } = useStore(stores.host.state)
  const modelPath = useStore(stores.settings.state, (state) => state.settings?.modelPath ?? '')
  useEffect(() => stores.host.ask(), [stores])
  const words = host
    ? hostHeadline(host)
    : { headline: say.HOST.title, sentence: isLive ? say.HOST.loading : say.HOST.noContact }
  return (
    <>
      <PageHead
        title={words.headline}
        actions={host && mayOperate && <Actions host={host} store={stores.host} isLive={isLive} />}
      >
        {mayOperate ? words.sentence : say.HOST.readOnly}
        {mayOperate && host?.isResumed && ` ${say.HOST.resumed}`}
      </PageHead>
      {isFirstRun && (
        <p className="host-back">
          <a className="link" href={hashOf({ page: 'welcome', step: 'network' })}>
            {say.HOST.back}
          </a>
        </p>
      )}
      {mayOperate && host && (
        <div className={isLive ? 'panels' : 'panels is-old'}>
          {host.failure && <FailureNote failure={host.failure} />}
          {failure && (
            <FailureNote failure={failure}>
              <button type="button" className="link" onClick={stores.host.dismissFailure}>
                {say.SHELL.dismiss}
              </button>
            </FailureNote>
          )}
          {host.phase === 'off' && (
            <HostForm
              key={host.modelPath ?? modelPath}
              first={{ modelPath: host.modelPath ?? modelPath, reach: host.reach }}
              disabled={!isLive}
              app={stores.app}
              onStart={(choice) => void stores.host.start(choice)}
            />
          )}
          {(host.phase === 'preparing' || host.phase === 'starting') && <Preparing host={host} />}
          {host.phase === 'running' && <Running host={host} store={stores.host} isLive={isLive} />}
        </div>
      )}
      {invite && (
        <InviteDialog
          label={invite.label}
          link={invite.link}
          picture={invite.picture}
          expiresAt={invite.expiresAt}
          onClose={stores.host.closeInvite}
        />
      )}
    </>
  )
}

function Actions({ host, store, isLive }: { host: HostStatus; store: HostStore; isLive: boolean }) {
  const busy = useStore(store.state, (state) => state.busy)
  const [isAsking, setAsking] = useState(false)
  if (host.phase === 'off') return null
  if (host.phase !== 'running') {
    return (
      <button
        type="button"
        className="button"
        disabled={!isLive || host.phase === 'stopping'}
        onClick={() => void store.stop()}
      >
        {host.phase === 'stopping' ? say.HOST.stopping : say.HOST.cancel}
      </button>
    )
  }
  return (
    <div className="host-actions">
      <button
        type="button"
        className="button"
        disabled={!isLive || busy !== null}
        onClick={() => void store.makeInvite('')}
      >
        {say.HOST.invite}
      </button>
      <button type="button" className="button" disabled={!isLive || busy === 'stop'} onClick={() => setAsking(true)}>
        {say.HOST.stop}
      </button>
      {isAsking && (
        <ConfirmDialog
          title={say.HOST.confirmTitle}
          text={say.HOST.confirmText}
          yes={say.HOST.stop}
          no={say.HOST.confirmNo}
          isBusy={busy === 'stop'}
          onYes={() => void store.stop().then(() => setAsking(false))}
          onNo={() => setAsking(false)}
        />
      )}
    </div>
  )
}

function Preparing({ host }: { host: HostStatus }) {
  const now = useNow()
  const { progress } = host
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined
  return (
    <section className="card host-progress" aria-label={hostHeadline(host).headline}>
      <StatusShapeIcon shape="working" size={44} progress={share} />
      <div>
        <code>{host.modelPath}</code>
        <p className="fine">{sinceWords(host, now)}</p>
        {share !== undefined && <progress max={1} value={share} aria-label={hostHeadline(host).headline} />}
      </div>
    </section>
  )
}

function Running({ host, store, isLive }: { host: HostStatus; store: HostStore; isLive: boolean }) {
  const { url, dashboardUrl, network } = host
  return (
    <>
      <section className="card host-address" aria-labelledby="share-title">
        <div>
          <h2 id="share-title">{say.HOST.shareTitle}</h2>
          {url && <CopyText text={url} shown={url} what={say.HOST.address} />}
        </div>
        {dashboardUrl && (
          <a className="link" href={dashboardUrl} target="_blank" rel="noopener noreferrer">
            {say.HOST.openDashboard}
          </a>
        )}
      </section>
      {network ? (
        <HostedNetwork network={network} host={host} store={store} isLive={isLive} />
      ) : (
        <p className="card empty">{say.HOST.waitingFirst}</p>
      )}
    </>
  )
}

interface HostedNetworkProps {
  network: Snapshot
  host: HostStatus
  store: HostStore
  isLive: boolean
}

function HostedNetwork({ network: snapshot, host, store, isLive }: HostedNetworkProps) {
  const { network, workers, decisions } = snapshot
  const busy = useStore(store.state, (state) => state.busy)
  const pending = useMemo(() => workers.filter(({ status }) => status === 'pending'), [workers])
  const coverage = useMemo(() => network.layers.map((layer) => layer.workers), [network])
  // Kept, so that only rows that changed are drawn anew.
  const actionsOf = useMemo(
    () =>
      isLive
        ? (worker: FeedWorker) => (
            <span className="worker-buttons">
              <LoadCommand
                worker={worker}
                isBusy={busy !== null}
                onSend={() => void store.load({ workerId: worker.worker_id, action: 'send' })}
                onCancel={() => void store.load({ workerId: worker.worker_id, action: 'cancel' })}
              />
            </span>
          )
        : undefined,
    [isLive, busy, store],
  )
  return (
    <>
      <PendingList
        workers={pending}
        isBusy={busy !== null}
        onDecide={
          isLive ? (decision, { worker_id: workerId }, reason) => store.decide({ workerId, decision, reason }) : null
        }
      />
      <div className="strip-panel">
        <BlockStrip
          modelName={network.model_name ?? ''}
          blockCount={network.total_layers}
          coverage={coverage}
          own={null}
          isOwnProved={false}
          copyName={say.HOST.copyName}
        />
      </div>
      <Counts workers={workers} network={network} />
      {workers.length === 0 ? (
        <Empty title={say.HOST.noWorkersTitle}>{say.HOST.noWorkersText}</Empty>
      ) : (
        <WorkerTable workers={workers} blockCount={network.total_layers} actionsOf={actionsOf} />
      )}
      {host.workerCount > workers.length && <p className="fine">{say.HOST.more}</p>}
      <DecisionLog decisions={decisions} />
    </>
  )
}
