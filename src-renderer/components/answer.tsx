import { routeChangeWords } from '../../src-shared/routing-trace'
import type { NodeStatus } from '../../src-shared/status'
import { chainOfHops, nameOf } from '../chain'
import { formatRate } from '../format'
import { type Generation, isBusy } from '../stores/generation'
import { tokenTimeWords } from '../words/peers'
import {
  GENERATION_STATES,
  lostWords,
  readersWords,
  SAMPLE_MODEL_LINE,
  seedWords,
  TRY,
  tokenCountWords,
} from '../words/try'
import { Chain } from './chain'
import { FailureNote } from './failure-note'
import { RouteBadges } from './route-badges'

export function Answer({ generation, status }: { generation: Generation; status: NodeStatus }) {
  const { state, mode, prompt, text, change, end, failure } = generation
  const hops = end?.hops ?? []
  const lost = end?.lost ?? []
  return (
    <section className={`card answer is-${state}`} aria-label={TRY.answerLabel}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <div className="answer-text" role="log" aria-label={TRY.answerLabel} aria-busy={isBusy(generation)} tabIndex={0}>
        <span className={mode === 'chat' ? 'said is-yours' : 'answer-prompt'}>{prompt}</span>
        <span className="answer-new">{mode === 'chat' ? text.trimStart() : text}</span>
      </div>
      <p className="answer-lost" role="status">
        {change && isBusy(generation) && routeChangeWords(change, (peerId) => nameOf(peerId, status.peers))}
      </p>
      {failure && <FailureNote failure={failure} />}
      <p className="answer-foot">
        <span>{GENERATION_STATES[state]}</span>
        {end && <span>{tokenCountWords(end.tokens)}</span>}
        {end && end.tokensPerSecond !== null && <span>{formatRate(end.tokensPerSecond)} tokens/s</span>}
        {end?.seed !== undefined && <span>{seedWords(end.seed)}</span>}
      </p>
      <RouteBadges hops={hops} lost={lost} />
      {lost.length > 0 && <p className="answer-lost">{lostWords(lost)}</p>}
      {status.watermark !== null && <p className="fine">{SAMPLE_MODEL_LINE}</p>}
      {end && hops.length > 0 && (
        <div className="answer-route">
          <div className="card-head">
            <h2>{TRY.routeTitle}</h2>
          </div>
          <Chain
            label={TRY.routeLabel}
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
