import { type FormEvent, type KeyboardEvent, useId } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../src-shared/status'
import { readSampling } from '../sampling-form'
import { isBusy, modeOf } from '../stores/generation'
import type { GenerationStore } from '../stores/generation-store'
import { typedWhole } from '../typed-number'
import { say } from '../words'
import { SAMPLE_PROMPTS, whyNoPrompt } from '../words/try'
import { SamplingFields } from './sampling-fields'

const MOST_TOKENS = 4_096
const MOST_PROMPT_CHARS = 32_768

export interface PromptBoxProps {
  status: NodeStatus
  isLive: boolean
  store: GenerationStore
  /** Answers are checked by chance, on nodes beside the route. */
  isChecked: boolean
}

export function PromptBox({ status, isLive, store, isChecked }: PromptBoxProps) {
  const { generation, talk, draft } = useStore(store.state)
  const id = useId()
  const tokens = typedWhole(draft.maxTokens)
  const tokensAreRight = Number.isInteger(tokens) && tokens >= 1 && tokens <= MOST_TOKENS
  const reason = isLive ? whyNoPrompt(status) : say.TRY.noContact
  const busy = isBusy(generation)
  const mode = modeOf(draft.mode, status)
  const sampling = readSampling(draft.sampling)
  const isRight = tokensAreRight && sampling.problems.size === 0
  const canSend = reason === null && !busy && isRight && draft.prompt.trim() !== ''

  const send = () => {
    if (canSend) void store.generate({ prompt: draft.prompt, maxTokens: tokens, mode, sampling: sampling.wish })
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
    <section className="card try" aria-label={say.TRY.promptLabel}>
      <form onSubmit={onSubmit}>
        <div className="try-head">
          <fieldset className="segments">
            <legend className="only-read">{say.TRY.modeLabel}</legend>
            {(['chat', 'text'] as const).map((one) => (
              <label key={one} title={say.TRY.modeHints[one]}>
                <input
                  type="radio"
                  name={`${id}-mode`}
                  value={one}
                  checked={mode === one}
                  onChange={() => store.write({ mode: one })}
                />
                {say.TRY.modes[one]}
              </label>
            ))}
          </fieldset>
          {(talk.length > 0 || (generation?.mode === 'chat' && !busy)) && (
            <button type="button" className="button is-small" disabled={busy} onClick={() => store.forget()}>
              {say.TRY.newChat}
            </button>
          )}
        </div>
        <textarea
          className="field"
          rows={3}
          value={draft.prompt}
          maxLength={MOST_PROMPT_CHARS}
          placeholder={say.TRY.placeholders[mode]}
          aria-label={say.TRY.promptLabel}
          aria-describedby={`${id}-why`}
          onChange={(event) => store.write({ prompt: event.target.value })}
          onKeyDown={onKeyDown}
        />
        {mode === 'chat' && status.model?.hasChatTemplate === false && <p className="fine">{say.TRY.noTemplate}</p>}
        {draft.prompt === '' && !generation && <Suggestions isSample={status.watermark !== null} store={store} />}
        <div className="try-row">
          <label className="try-tokens">
            {say.TRY.atMost}
            <input
              className="field"
              inputMode="numeric"
              value={draft.maxTokens}
              aria-label={say.TRY.maxTokensLabel}
              aria-invalid={!tokensAreRight}
              onChange={(event) => store.write({ maxTokens: event.target.value.trim() })}
            />
            {say.TRY.tokens}
          </label>
          {busy ? (
            <button
              type="button"
              className="button"
              disabled={generation?.state !== 'streaming'}
              onClick={() => void store.cancel()}
            >
              {say.TRY.stop}
            </button>
          ) : (
            <button type="submit" className="button is-primary" disabled={!canSend}>
              {say.TRY.send}
            </button>
          )}
        </div>
        <SamplingFields form={draft.sampling} read={sampling} onChange={(form) => store.write({ sampling: form })} />
      </form>
      <p id={`${id}-why`} className={reason === null && tokensAreRight ? 'fine' : 'fine is-strong'}>
        {reason ??
          (tokensAreRight ? (isChecked ? say.CHECKED_PRIVACY_LINE : say.PRIVACY_LINE) : say.ANSWER.range(MOST_TOKENS))}
      </p>
    </section>
  )
}

function Suggestions({ isSample, store }: { isSample: boolean; store: GenerationStore }) {
  return (
    <div className="suggestions">
      {(isSample ? SAMPLE_PROMPTS : say.PLAIN_PROMPTS).map((prompt) => (
        <button key={prompt} type="button" className="chip is-button" onClick={() => store.write({ prompt })}>
          {prompt}
        </button>
      ))}
    </div>
  )
}
