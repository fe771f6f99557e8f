import { type FormEvent, useId } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../src-shared/status'
import { goTo } from '../router'
import { isBusy, modeOf } from '../stores/generation'
import type { GenerationStore } from '../stores/generation-store'
import { typedWhole } from '../typed-number'
import { say } from '../words'
import { whyNoPrompt } from '../words/try'

/** One line to ask with; the answer has a page of its own. */
export function AskLine({ status, isLive, store }: { status: NodeStatus; isLive: boolean; store: GenerationStore }) {
  const { draft, generation } = useStore(store.state)
  const id = useId()
  const reason = isLive ? whyNoPrompt(status) : say.TRY.noContact
  const busy = isBusy(generation)
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    goTo({ page: 'try' })
    if (!busy)
      void store.generate({
        prompt: draft.prompt,
        maxTokens: typedWhole(draft.maxTokens) || 64,
        mode: modeOf(draft.mode, status),
      })
  }
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <div className="card-head">
        <h2 id={`${id}-title`}>{say.OVERVIEW.tryTitle}</h2>
      </div>
      <form className="ask" onSubmit={onSubmit}>
        <input
          className="field"
          aria-label={say.OVERVIEW.tryLabel}
          aria-describedby={reason === null ? undefined : `${id}-why`}
          value={draft.prompt}
          placeholder={say.OVERVIEW.tryPlaceholder}
          onChange={(event) => store.write({ prompt: event.target.value })}
        />
        <button type="submit" className="button" disabled={reason !== null || busy || draft.prompt.trim() === ''}>
          {say.OVERVIEW.trySend}
        </button>
      </form>
      {reason !== null && (
        <p id={`${id}-why`} className="fine">
          {reason}
        </p>
      )}
    </section>
  )
}
