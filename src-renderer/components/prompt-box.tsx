import { type FormEvent, type KeyboardEvent, useId, useState } from 'react'
import { formatBlocks } from '../../src-shared/blocks'
import type { Hop } from '../../src-shared/contract'
import type { NodeStatus, PeerSummary } from '../../src-shared/status'
import { formatMs, formatRate, shortenPeerId } from '../format'
import { type Generation, isBusy } from '../generation'
import type { AppActions } from '../store'
import { GENERATION_STATES, PRIVACY_LINE, SAMPLE_MODEL_LINE, whyNoPrompt } from '../words'

const MOST_TOKENS = 4_096
const MOST_PROMPT_CHARS = 32_768

export interface PromptBoxProps {
  status: NodeStatus
  generation: Generation | null
  isLive: boolean
  actions: Pick<AppActions, 'generate' | 'cancelGeneration'>
}

export function PromptBox({ status, generation, isLive, actions }: PromptBoxProps) {
  const [prompt, setPrompt] = useState('')
  const [maxTokens, setMaxTokens] = useState('64')
  const ids = useId()
  const tokens = Number(maxTokens)
  const tokensAreRight = Number.isInteger(tokens) && tokens >= 1 && tokens <= MOST_TOKENS
  const reason = isLive ? whyNoPrompt(status) : 'No contact with the node.'
  const busy = isBusy(generation)
  const canSend = reason === null && !busy && tokensAreRight && prompt.trim() !== ''

  const send = () => {
    if (canSend) void actions.generate(prompt, tokens)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  return (
    <section className="card try" aria-labelledby={`${ids}-title`}>
      <div className="card-head">
        <h2 id={`${ids}-title`}>Try it</h2>
        {status.watermark !== null && <span className="chip is-sand">{status.watermark}</span>}
      </div>
      <form onSubmit={onSubmit}>
        <label className="only-read" htmlFor={`${ids}-prompt`}>
          Prompt
        </label>
        <textarea
          id={`${ids}-prompt`}
          rows={2}
          value={prompt}
          maxLength={MOST_PROMPT_CHARS}
          placeholder="Begin a text; the model goes on"
          aria-describedby={`${ids}-why`}
          onChange={(event) => setPrompt(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="try-row">
          <label className="try-tokens">
            at most
            <input
              inputMode="numeric"
              value={maxTokens}
              aria-label="Most tokens to write"
              aria-invalid={!tokensAreRight}
              onChange={(event) => setMaxTokens(event.target.value.trim())}
            />
            tokens
          </label>
          {busy ? (
            <button
              type="button"
              className="button"
              disabled={generation?.state !== 'streaming'}
              onClick={() => void actions.cancelGeneration()}
            >
              Stop
            </button>
          ) : (
            <button type="submit" className="button is-primary" disabled={!canSend}>
              Send
            </button>
          )}
        </div>
      </form>
      <p id={`${ids}-why`} className="fine">
        {reason ?? (tokensAreRight ? PRIVACY_LINE : `Between 1 and ${MOST_TOKENS.toLocaleString('en')} tokens.`)}
      </p>
      {generation && <Answer generation={generation} peers={status.peers} isSample={status.watermark !== null} />}
    </section>
  )
}

interface AnswerProps {
  generation: Generation
  peers: readonly PeerSummary[]
  isSample: boolean
}

function Answer({ generation, peers, isSample }: AnswerProps) {
  const { state, prompt, text, end, failure } = generation
  return (
    <div className={`answer is-${state}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <div className="answer-text" role="log" aria-label="Answer" aria-busy={isBusy(generation)} tabIndex={0}>
        <span className="answer-prompt">{prompt}</span>
        <span className="answer-new">{text}</span>
      </div>
      {failure && (
        <p className="blocker" role="alert">
          {failure.cause}. {failure.action} <code className="code">{failure.code}</code>
        </p>
      )}
      <p className="answer-foot">
        <span>{GENERATION_STATES[state]}</span>
        {end && <span>{end.tokens === 1 ? '1 token' : `${end.tokens.toLocaleString('en')} tokens`}</span>}
        {end && end.tokensPerSecond !== null && <span>{formatRate(end.tokensPerSecond)} tokens/s</span>}
      </p>
      {end && end.hops.length > 0 && <Route hops={end.hops} peers={peers} />}
      {isSample && <p className="fine">{SAMPLE_MODEL_LINE}</p>}
    </div>
  )
}

function Route({ hops, peers }: { hops: readonly Hop[]; peers: readonly PeerSummary[] }) {
  return (
    <ol className="route" aria-label="Route of the answer">
      {hops.map((hop) => {
        const peer = peers.find(({ peerId }) => peerId === hop.peerId)
        return (
          <li key={`${hop.peerId}/${hop.blocks.start}`} title={hop.peerId}>
            <b>{peer?.publicName ?? shortenPeerId(hop.peerId)}</b>
            <span>
              {formatBlocks(hop.blocks)}
              {hop.computeMs !== null && ` · ${formatMs(hop.computeMs)}`}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
