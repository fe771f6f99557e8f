import { useStore } from 'zustand'
import type { NodeStatus } from '../../src-shared/status'
import { Approval } from '../components/approval'
import { AskLine } from '../components/ask-line'
import { BlockStrip } from '../components/block-strip'
import { Empty } from '../components/empty'
import { Given } from '../components/figures'
import { Hero } from '../components/hero'
import { useNode } from '../components/hooks'
import { PeerList } from '../components/peer-list'
import { Standing } from '../components/standing'
import { StepList } from '../components/step-list'
import { ThisComputer } from '../components/this-computer'
import { WeekChart } from '../components/week-chart'
import { dashboardOf, isProved, undecided } from '../node-facts'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'

export function OverviewPage({ stores }: { stores: AppStores }) {
  const { status, isLive, mayOperate } = useNode(stores.node)
  const dashboardUrl = useStore(stores.settings.state, ({ settings }) => dashboardOf(settings?.network ?? null))
  return (
    <>
      <Hero node={stores.node} />
      {status && (
        <div className={isLive ? 'panels' : 'panels is-old'}>
          <Model status={status} stores={stores} />
          <div className="columns is-free">
            <StepList status={status} />
            <div className="column">
              {mayOperate && <AskLine status={status} isLive={isLive} store={stores.generation} />}
              {status.coordinator && <Standing view={status.coordinator} dashboardUrl={dashboardUrl} />}
              <Given contribution={status.contribution} />
              <WeekChart store={stores.week} isLive={isLive} isDemo={status.watermark !== null} />
              <ThisComputer resources={status.resources} compute={status.compute} speed={status.speed} />
              <PeerList peers={status.peers} blockCount={status.model?.blockCount ?? null} />
            </div>
          </div>
        </div>
      )}
    </>
  )
}

function Model({ status, stores }: { status: NodeStatus; stores: AppStores }) {
  const waiting = undecided(status)
  if (waiting)
    return (
      <Approval
        step={waiting}
        isStandby={status.coordinator?.state === 'standby'}
        sentence={status.sentence}
        node={stores.node}
        settings={stores.settings}
      />
    )
  const { model } = status
  if (!model) {
    return (
      <Empty title={say.OVERVIEW.noModel}>
        {status.phase === 'stopped' ? say.OVERVIEW.noModelStopped : say.OVERVIEW.noModelRunning}
      </Empty>
    )
  }
  return (
    <BlockStrip
      modelName={model.name}
      blockCount={model.blockCount}
      coverage={status.coverage}
      own={status.blocks}
      isOwnProved={isProved(status)}
    />
  )
}
