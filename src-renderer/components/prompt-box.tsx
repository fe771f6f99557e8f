import { type FormEvent, type KeyboardEvent, useId } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../src-shared/status'
import { isBusy } from '../stores/generation'
import type { GenerationStore } from '../stores/generation-store'
import { PLAIN_PROMPTS, PRIVACY_LINE, SAMPLE_PROMPTS, TRY, tokenRangeWords, whyNoPrompt } from '../words/try'

const MOST_TOKENS = 4_096
const MOST_PROMPT_CHARS = 32_768

export interface PromptBoxProps {
  status: NodeStatus
  isLive: boolean
  store: GenerationStore
}

export function PromptBox({ status, isLive, store }: PromptBoxProps) {
  const { generation, draft } = useStore(store.state)
  const id = useId()
  const tokens = Number(draft.maxTokens)
  const tokensAreRight = Number.isInteger(tokens) && tokens >= 1 && tokens <= MOST_TOKENS
  const reason = isLive ? whyNoPrompt(status) : TRY.noContact
  const busy = isBusy(generation)
  const canSend = reason === null && !busy && tokensAreRight && draft.prompt.trim() !== ''

  const send = () => {
    if (canSend) void store.generate(draft.prompt, tokens)
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
    <section className="card try" aria-label={TRY.promptLabel}>
      <form onSubmit={onSubmit}>
        <textarea
          className="field"
          rows={3}
          value={draft.prompt}
          maxLength={MOST_PROMPT_CHARS}
          placeholder={TRY.placeholder}
          aria-label={TRY.promptLabel}
          aria-describedby={`${id}-why`}
          onChange={(event) => store.write({ prompt: event.target.value })}
          onKeyDown={onKeyDown}
        />
        {draft.prompt === '' && !generation && <Suggestions isSample={status.watermark !== null} store={store} />}
        <div className="try-row">
          <label className="try-tokens">
            {TRY.atMost}
            <input
              className="field"
              inputMode="numeric"
              value={draft.maxTokens}
              aria-label={TRY.maxTokensLabel}
              aria-invalid={!tokensAreRight}
              onChange={(event) => store.write({ maxTokens: event.target.value.trim() })}
            />
            {TRY.tokens}
          </label>
          {busy ? (
            <button
              type="button"
              className="button"
              disabled={generation?.state !== 'streaming'}
              onClick={() => void store.cancel()}
            >
              {TRY.stop}
            </button>
          ) : (
            <button type="submit" className="button is-primary" disabled={!canSend}>
              {TRY.send}
            </button>
          )}
        </div>
      </form>
      <p id={`${id}-why`} className={reason === null && tokensAreRight ? 'fine' : 'fine is-strong'}>
        {reason ?? (tokensAreRight ? PRIVACY_LINE : tokenRangeWords(MOST_TOKENS))}
      </p>
    </section>
  )
}

function Suggestions({ isSample, store }: { isSample: boolean; store: GenerationStore }) {
  return (
    <div className="suggestions">
      {(isSample ? SAMPLE_PROMPTS : PLAIN_PROMPTS).map((prompt) => (
        <button key={prompt} type="button" className="chip is-button" onClick={() => store.write({ prompt })}>
          {prompt}
        </button>
      ))}
    </div>
  )
}
