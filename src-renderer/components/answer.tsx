import { routeChangeWords } from '../../src-shared/routing-trace'
import type { NodeStatus } from '../../src-shared/status'
import { chainOfHops, nameOf } from '../chain'
import { formatRate } from '../format'
import { type Generation, isBusy } from '../stores/generation'
import { say } from '../words'
import { tokenTimeWords } from '../words/peers'
import { lostWords, readersWords } from '../words/try'
import { Chain } from './chain'
import { FailureNote } from './failure-note'
import { RouteBadges } from './route-badges'

export function Answer({ generation, status }: { generation: Generation; status: NodeStatus }) {
  const { state, mode, prompt, text, change, end, failure } = generation
  const hops = end?.hops ?? []
  const lost = end?.lost ?? []
  const pause = lostWords(lost)
  return (
    <section className={`card answer is-${state}`} aria-label={say.TRY.answerLabel}>
      <div
        className="answer-text"
        role="log"
        aria-label={say.TRY.answerLabel}
        aria-busy={isBusy(generation)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <span className={mode === 'chat' ? 'said is-yours' : 'answer-prompt'}>{prompt}</span>
        <span className="answer-new">{mode === 'chat' ? text.trimStart() : text}</span>
      </div>
      <p className="answer-lost" role="status">
        {change && isBusy(generation) && routeChangeWords(change, (peerId) => nameOf(peerId, status.peers))}
      </p>
      {failure && <FailureNote failure={failure} />}
      <p className="answer-foot">
        <span>{say.GENERATION_STATES[state]}</span>
        {end && <span>{say.ANSWER.tokens(end.tokens)}</span>}
        {end && end.tokensPerSecond !== null && <span>{say.ANSWER.rate(formatRate(end.tokensPerSecond))}</span>}
        {end?.seed !== undefined && <span>{say.ANSWER.seed(end.seed)}</span>}
      </p>
      <RouteBadges hops={hops} lost={lost} />
      {pause !== null && <p className="answer-lost">{pause}</p>}
      {status.watermark !== null && <p className="fine">{say.SAMPLE_MODEL_LINE}</p>}
      {end && hops.length > 0 && (
        <div className="answer-route">
          <div className="card-head">
            <h2>{say.TRY.routeTitle}</h2>
          </div>
          <Chain
            label={say.TRY.routeLabel}
            rows={chainOfHops(hops, status.peers)}
            blockCount={status.model?.blockCount ?? Math.max(...hops.map(({ blocks }) => blocks.end))}
          />
          <p className="fine">
            {readersWords(hops.map(({ peerId }) => nameOf(peerId, status.peers)))}{' '}
            {tokenTimeWords(
              end.tokensPerSecond,
              hops.map(({ computeMs }) => computeMs),
            )}
          </p>
        </div>
      )}
    </section>
  )
}
