import { useMemo } from 'react'
import { useStore } from 'zustand'
import { BlockStrip } from '../src-renderer/components/block-strip'
import { Empty } from '../src-renderer/components/empty'
import { NowProvider } from '../src-renderer/components/hooks'
import { say } from '../src-renderer/words'
import type { Clock } from '../src-shared/clock'
import { Counts } from './components/counts'
import { DecisionLog } from './components/decision-log'
import { Headline } from './components/headline'
import { Invites } from './components/invites'
import { LoadCommand } from './components/load-command'
import { NetworkControls } from './components/network-controls'
import { PendingList } from './components/pending-list'
import { RemoveWorker } from './components/remove-worker'
import { TopBar } from './components/top-bar'
import { UsageList } from './components/usage-list'
import { WorkerTable } from './components/worker-table'
import type { DashboardState, DashboardStore } from './dashboard-store'
import type { FeedWorker, Snapshot } from './feed'
import { preparingWords } from './words'

export function App({ store, clock }: { store: DashboardStore; clock: Clock }) {
  const state = useStore(store.state)
  const { snapshot, clockOffsetMs } = state
  // Ages are differences of the coordinator's times, so they are counted on its clock.
  const coordinatorClock = useMemo(() => ({ ...clock, now: () => clock.now() + clockOffsetMs }), [clock, clockOffsetMs])
  return (
    <NowProvider clock={coordinatorClock}>
      {snapshot?.network.demo && (
        <p className="watermark">
          <b>{say.DASHBOARD.demo}</b> {say.DASHBOARD.demoLine}
        </p>
      )}
      <TopBar store={store} state={state} />
      <main>
        {state.isMisfit && (
          <p className="notice" role="alert">
            {say.DASHBOARD.misfit}{' '}
            <button type="button" className="link" onClick={() => window.location.reload()}>
              {say.DASHBOARD.reload}
            </button>
          </p>
        )}
        <Headline store={store} state={state} />
        {snapshot && <Panels store={store} state={state} snapshot={snapshot} />}
      </main>
    </NowProvider>
  )
}

interface PanelsProps {
  store: DashboardStore
  state: DashboardState
  snapshot: Snapshot
}

function Panels({ store, state, snapshot }: PanelsProps) {
  const { network, workers, decisions, usage } = snapshot
  const isLive = state.link.state === 'live'
  const mayDecide = snapshot.view === 'host' && isLive
  const pending = useMemo(() => workers.filter(({ status }) => status === 'pending'), [workers])
  const coverage = useMemo(() => network.layers.map((layer) => layer.workers), [network])
  const preparing = preparingWords(network)
  const isBusy = state.busy !== null
  // Kept, so that only rows that changed are drawn anew.
  const actionsOf = useMemo(
    () =>
      mayDecide
        ? (worker: FeedWorker) => (
            <span className="worker-buttons">
              <LoadCommand
                worker={worker}
                isBusy={isBusy}
                onSend={() => void store.act('load', (api) => api.load(worker.worker_id))}
                onCancel={() => void store.act('load', (api) => api.cancelLoad(worker.worker_id))}
              />
              <RemoveWorker
                worker={worker}
                isBusy={isBusy}
                onRemove={(reason) => store.act('remove', (api) => api.remove(worker.worker_id, reason))}
              />
            </span>
          )
        : undefined,
    [mayDecide, isBusy, store],
  )
  return (
    <div className={isLive || state.link.state === 'connecting' ? 'panels' : 'panels is-old'}>
      <PendingList
        workers={pending}
        isBusy={isBusy}
        onDecide={
          mayDecide ? (kind, { worker_id }, reason) => store.act(kind, (api) => api[kind](worker_id, reason)) : null
        }
      />
      {network.total_layers > 0 && (
        <div className="strip-panel">
          <BlockStrip
            modelName={network.model_name ?? ''}
            blockCount={network.total_layers}
            coverage={coverage}
            own={null}
            isOwnProved={false}
            copyName={say.DASHBOARD.copyName}
          />
          {preparing && <p className="fine strip-note">{preparing}</p>}
        </div>
      )}
      <Counts workers={workers} network={network} />
      {workers.length === 0 ? (
        <Empty title={say.WORKERS.noneTitle}>{say.WORKERS.noneText}</Empty>
      ) : (
        <WorkerTable workers={workers} blockCount={network.total_layers} actionsOf={actionsOf} />
      )}
      <div className="columns">
        <div className="column">
          {snapshot.view === 'host' && (
            <Invites
              store={store}
              isBusy={isBusy || !isLive}
              version={decisions[0]?.id ?? 0}
              nicknameOf={(id) => workers.find(({ worker_id }) => worker_id === id)?.nickname ?? null}
            />
          )}
          <DecisionLog decisions={decisions} />
        </div>
        <div className="column">
          <NetworkControls
            network={network}
            busy={state.busy}
            onTarget={mayDecide ? (count) => void store.act('target', (api) => api.setTargetWorkers(count)) : null}
            onQuantization={
              mayDecide ? (mode) => void store.act('quantization', (api) => api.setQuantization(mode)) : null
            }
          />
          <UsageList usage={usage} totalTokens={network.total_tokens_served} />
        </div>
      </div>
    </div>
  )
}
