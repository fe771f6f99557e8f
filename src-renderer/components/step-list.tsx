import type { NodeStatus, StatusShape, Step, StepState } from '../../src-shared/status'
import { closeSentence, formatSpan } from '../format'
import { say } from '../words'
import { failureWords } from '../words/node-says'
import { evidenceWords, nextWords, progressWords, stepTitle } from '../words/steps'
import { useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'
import { Age, Sentence, WithPeers } from './text'

const SHAPE_OF_STEP: Readonly<Record<StepState, StatusShape | null>> = {
  idle: null,
  waiting: 'waiting',
  working: 'working',
  done: 'visible',
  degraded: 'degraded',
  failed: 'problem',
}

/** How many witnesses speak at once; the others wait behind a fold. */
const EVIDENCE_SHOWN = 2

export function StepList({ status }: { status: NodeStatus }) {
  const isFresh = status.steps.every(({ state }) => state === 'idle')
  const took = journeyMs(status.steps)
  return (
    <section className="card" aria-labelledby="steps-title">
      <div className="card-head">
        <h2 id="steps-title">{isFresh ? say.STEPS.fresh : say.STEPS.past}</h2>
        {took !== null && <p className="aside">{say.STEPS.took(formatSpan(took))}</p>}
      </div>
      <ol className="steps">
        {status.steps.map((step) => (
          <StepItem key={step.name} step={step} />
        ))}
      </ol>
    </section>
  )
}

function journeyMs(steps: readonly Step[]): number | null {
  const from = steps.find(({ name }) => name === 'connect')?.startedAt
  const visible = steps.find(({ name }) => name === 'visible')
  if (!from || visible?.state !== 'done' || visible.endedAt === undefined) return null
  return visible.endedAt - from
}

function StepItem({ step }: { step: Step }) {
  const shape = SHAPE_OF_STEP[step.state]
  const now = useNow()
  const { progress } = step
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined
  const blocker = step.blocker && failureWords(step.blocker)
  const isMoving = step.state === 'working' || step.state === 'waiting'
  return (
    <li className={`step is-${step.state}`}>
      <span className="step-mark">
        {shape ? <StatusShapeIcon shape={shape} size={18} progress={share} /> : <span className="bud" />}
      </span>
      <div className="step-body">
        <div className="step-head">
          <h3>{stepTitle(step)}</h3>
          <StepTime step={step} />
        </div>
        {progress && isMoving && <ProgressBar title={stepTitle(step)} {...progress} />}
        {blocker && (
          <p className={step.state === 'waiting' ? 'step-held' : 'blocker'}>
            <WithPeers text={closeSentence(blocker.cause)} /> {blocker.action}{' '}
            <code className="code">{blocker.code}</code>
          </p>
        )}
        <Witnesses step={step} />
        {step.next && <p className="step-next">{nextWords(step.next, now)}</p>}
      </div>
    </li>
  )
}

function Witnesses({ step }: { step: Step }) {
  const sentences = step.evidence.map((evidence) => (
    <p key={`${evidence.kind}/${evidence.by}/${evidence.value}`}>
      <Sentence words={evidenceWords(step.name, evidence)} />
    </p>
  ))
  const folded = sentences.slice(EVIDENCE_SHOWN)
  return (
    <>
      {sentences.slice(0, EVIDENCE_SHOWN)}
      {folded.length > 0 && (
        <details>
          <summary>{say.STEPS.more(folded.length)}</summary>
          {folded}
        </details>
      )}
    </>
  )
}

function StepTime({ step }: { step: Step }) {
  const now = useNow()
  if (step.endedAt !== undefined) {
    return (
      <span className="step-time">
        <Age at={step.endedAt} />
      </span>
    )
  }
  if (step.startedAt === null || step.state === 'idle') return null
  return <span className="step-time">{say.STEPS.since(formatSpan(Math.max(1_000, now - step.startedAt)))}</span>
}

function ProgressBar({ title, done, total, unit }: { title: string } & NonNullable<Step['progress']>) {
  const words = progressWords({ done, total, unit })
  return (
    <div className="progress">
      <progress max={Math.max(total, 1)} value={Math.min(done, total)} aria-label={title} aria-valuetext={words} />
      <span>{words}</span>
    </div>
  )
}
