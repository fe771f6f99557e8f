import type { NodeStatus } from '../../src-shared/status'
import type { AppActions, AppState } from '../store'
import { BlockStrip } from './block-strip'
import { Given, ThisComputer } from './figures'
import { PeerTable } from './peer-table'
import { PromptBox } from './prompt-box'
import { StepList } from './step-list'

export interface OverviewProps {
  status: NodeStatus
  isLive: boolean
  canOperate: boolean
  generation: AppState['generation']
  actions: AppActions
}

export function Overview({ status, isLive, canOperate, generation, actions }: OverviewProps) {
  const { model } = status
  return (
    <div className={isLive ? 'panels' : 'panels is-old'}>
      {model ? (
        <BlockStrip
          modelName={model.name}
          blockCount={model.blockCount}
          coverage={status.coverage}
          own={status.blocks}
          isOwnProved={status.loadLevel === 'L6' || status.loadLevel === 'L7'}
        />
      ) : (
        <NoModel isStopped={status.phase === 'stopped'} />
      )}
      <div className="columns">
        <StepList status={status} />
        <div className="column">
          {canOperate && <PromptBox status={status} generation={generation} isLive={isLive} actions={actions} />}
          <Given contribution={status.contribution} />
          <ThisComputer resources={status.resources} />
        </div>
      </div>
      <PeerTable peers={status.peers} blockCount={model?.blockCount ?? null} />
    </div>
  )
}

function NoModel({ isStopped }: { isStopped: boolean }) {
  return (
    <section className="card strip-empty" aria-labelledby="strip-title">
      <svg width="100%" height="72" aria-hidden="true">
        {[14, 36, 58].map((y) => (
          <line key={y} className="strip-wire" x1="0" x2="100%" y1={y + 0.5} y2={y + 0.5} />
        ))}
      </svg>
      <div>
        <h2 id="strip-title">No model yet</h2>
        <p>
          {isStopped
            ? 'When the node starts, the host of the network says which model it serves and which blocks are yours.'
            : 'The host of the network says which model it serves and which blocks are yours. They grow here.'}
        </p>
      </div>
    </section>
  )
}
