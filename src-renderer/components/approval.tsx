import type { Step } from '../../src-shared/status'
import { closeSentence } from '../format'
import type { NodeStore } from '../stores/node-store'
import type { SettingsStore } from '../stores/settings-store'
import { say } from '../words'
import { failureWords } from '../words/node-says'
import { nextWords } from '../words/steps'
import { useNode, useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'
import { Age, WithPeers } from './text'

export interface ApprovalProps {
  step: Step
  /** Approved, and without blocks for now. */
  isStandby?: boolean
  /** What the page says above this card; what is said there is not said twice. */
  sentence: string
  node: NodeStore
  settings: SettingsStore
}

/** Stands where the model will be: who decides, since when, and what to do when the answer was no. */
export function Approval({ step, isStandby = false, sentence, node, settings }: ApprovalProps) {
  const { pending, mayOperate, isLive } = useNode(node)
  const now = useNow()
  const isRejected = step.state === 'failed'
  // When it last spoke is enough here; its words stand in the list of steps.
  const answeredAt = step.evidence.findLast(({ kind }) => kind === 'coordinator')?.at
  return (
    <section className={`card approval is-${isRejected ? 'rejected' : 'waiting'}`} aria-labelledby="approval-title">
      <StatusShapeIcon shape={isRejected ? 'problem' : 'waiting'} size={28} />
      <div>
        <h2 id="approval-title">
          {isRejected ? say.APPROVAL.rejectedTitle : isStandby ? say.STANDING.standbyTitle : say.APPROVAL.waitingTitle}
        </h2>
        {step.blocker && !sentence.includes(step.blocker.cause) && (
          <p className="approval-reason">
            <WithPeers text={closeSentence(failureWords(step.blocker).cause)} />{' '}
            <code className="code">{step.blocker.code}</code>
          </p>
        )}
        <p>
          {isRejected ? say.APPROVAL.rejectedText : isStandby ? say.STANDING.standbyText : say.APPROVAL.waitingText}
        </p>
        <p className="fine">
          {step.startedAt !== null && (
            <>
              {say.APPROVAL.asked} <Age at={step.startedAt} />.{' '}
            </>
          )}
          {answeredAt !== undefined && (
            <>
              {say.APPROVAL.answered} <Age at={answeredAt} />.{' '}
            </>
          )}
          {step.next && nextWords(step.next, now)}
        </p>
        {isRejected && mayOperate && (
          <p className="approval-actions">
            <button
              type="button"
              className="button is-primary"
              disabled={pending !== null || !isLive}
              onClick={() => void node.command('reapply')}
            >
              {pending === 'reapply' ? say.APPROVAL.asking : say.APPROVAL.askAgain}
            </button>
            <button type="button" className="button" disabled={!isLive} onClick={() => void settings.leave()}>
              {say.APPROVAL.other}
            </button>
          </p>
        )}
      </div>
    </section>
  )
}
