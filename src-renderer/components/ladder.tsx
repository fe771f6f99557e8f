import { LOAD_LEVELS, type LoadLevel, type NodeStatus, type Step, type StepName } from '../../src-shared/status'
import { closeSentence } from '../format'
import { hasReached } from '../node-facts'
import { say } from '../words'
import { failureWords } from '../words/node-says'
import { evidenceWords, progressWords } from '../words/steps'
import { StatusShapeIcon } from './status-shape'
import { Age, Sentence, WithPeers } from './text'

/** Whose evidence stands beside a rung. */
const RUNG_STEPS: Readonly<Record<LoadLevel, StepName | null>> = {
  L0: null,
  L1: null,
  L2: null,
  L3: 'fetch',
  L4: null,
  L5: 'load',
  L6: 'prove',
  L7: 'serve',
}

/** From the ground up: a rung is climbed when somebody vouched for it. The highest stands at the top. */
export function Ladder({ status }: { status: NodeStatus }) {
  const { loadLevel, steps } = status
  const stepOf = (level: LoadLevel) => steps.find(({ name }) => name === RUNG_STEPS[level])
  // What is under way, or went wrong, belongs to the lowest rung that is still ahead and has a step of its own.
  const ahead = LOAD_LEVELS.find((level) => !hasReached(loadLevel, level) && RUNG_STEPS[level] !== null)
  return (
    <section className="card" aria-labelledby="ladder-title">
      <div className="card-head">
        <h2 id="ladder-title">{say.SHARDS.ladderTitle}</h2>
        <p className="aside">{loadLevel}</p>
      </div>
      <ol className="ladder" reversed>
        {LOAD_LEVELS.toReversed().map((level) => (
          <Rung
            key={level}
            level={level}
            isReached={hasReached(loadLevel, level)}
            isCurrent={level === loadLevel}
            step={hasReached(loadLevel, level) || level === ahead ? stepOf(level) : undefined}
          />
        ))}
      </ol>
    </section>
  )
}

interface RungProps {
  level: LoadLevel
  isReached: boolean
  isCurrent: boolean
  step: Step | undefined
}

function Rung({ level, isReached, isCurrent, step }: RungProps) {
  const { title, hint } = say.RUNGS[level]
  const isGround = level === 'L0'
  const state = isGround && !isCurrent ? 'ground' : isReached ? 'reached' : 'ahead'
  // What waits because somebody said so is not broken.
  const isHeld = step?.state === 'waiting'
  const blocker = step?.blocker && failureWords(step.blocker)
  const problem = !isReached && blocker && !isHeld ? blocker : null
  const progress = !isReached && step?.state === 'working' ? step.progress : undefined
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined
  return (
    <li className={`rung is-${state}${isCurrent ? ' is-current' : ''}`} aria-current={isCurrent ? 'step' : undefined}>
      <span className="rung-mark">
        {problem ? (
          <StatusShapeIcon shape="problem" size={18} />
        ) : !isReached && step?.state === 'working' ? (
          <StatusShapeIcon shape="working" size={18} progress={share} />
        ) : isReached && !isGround ? (
          <StatusShapeIcon shape="visible" size={18} />
        ) : (
          <span className="bud" />
        )}
      </span>
      <div className="rung-body">
        <div className="step-head">
          <h3 title={hint}>
            {title}
            {level === 'L6' && <span className="rung-told">{say.SHARDS.toldFrom}</span>}
          </h3>
          <span className="step-time">
            {isReached && step?.endedAt !== undefined && <Age at={step.endedAt} />}
            <span className="rung-code">{level}</span>
          </span>
        </div>
        {isReached && step?.evidence[0] && (
          <p>
            <Sentence words={evidenceWords(step.name, step.evidence[0])} />
          </p>
        )}
        {isCurrent && !step?.evidence[0] && <p>{hint}</p>}
        {progress && <p>{progressWords(progress)}</p>}
        {!isReached && isHeld && blocker && <p>{closeSentence(blocker.cause)}</p>}
        {problem && (
          <p className="blocker">
            <WithPeers text={closeSentence(problem.cause)} /> {problem.action}{' '}
            <code className="code">{problem.code}</code>
          </p>
        )}
      </div>
    </li>
  )
}
