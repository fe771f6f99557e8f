import { type FormEvent, useEffect, useId, useState } from 'react'
import { useStore } from 'zustand'
import { TokenSchema, type TokenView } from '../../src-shared/file-views'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { tokenWords } from '../words/files'
import { FailureNote } from './failure-note'

/** A token goes in and never comes out: afterwards only how it is kept is known here. */
export function TokenField({ store, disabled }: { store: AskedStore<TokenView>; disabled: boolean }) {
  const { value: view, isAsking, failure } = useStore(store.state)
  const [text, setText] = useState('')
  const id = useId()
  useEffect(() => {
    if (!disabled) store.ask()
  }, [store, disabled])
  const isBad = text.trim() !== '' && !TokenSchema.safeParse(text.trim()).success
  const set = async (token: string | null) => {
    // Cleared whatever comes of it: it stands in this page no longer than it has to.
    setText('')
    await store.change((client) => client.call('token.set', { token }))
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '' && !isBad) void set(text.trim())
  }
  return (
    <form className="setting is-long" onSubmit={onSubmit} aria-busy={isAsking} noValidate>
      <div>
        <label htmlFor={id}>{say.TOKEN.label}</label>
        <p id={`${id}-hint`}>{say.TOKEN.hint}</p>
        {view && <p role="status">{tokenWords(view)}</p>}
      </div>
      <div className="token-line">
        <input
          id={id}
          className="field"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={text}
          placeholder={say.TOKEN.placeholder}
          disabled={disabled}
          aria-invalid={isBad}
          aria-describedby={isBad ? `${id}-problem` : `${id}-hint`}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button" disabled={disabled || isAsking || isBad || text.trim() === ''}>
          {say.TOKEN.save}
        </button>
        {view?.isSet && (
          <button type="button" className="button" disabled={disabled || isAsking} onClick={() => void set(null)}>
            {say.TOKEN.forget}
          </button>
        )}
      </div>
      {view?.found && (
        <div className="notice is-contact">
          <p>
            <code className="code">{view.found}</code> {say.TOKEN.found}
          </p>
          <button
            type="button"
            className="button is-small"
            disabled={disabled || isAsking}
            onClick={() => void store.change((client) => client.call('token.takeFound', {}))}
          >
            {say.TOKEN.takeFound}
          </button>
        </div>
      )}
      {isBad && (
        <p id={`${id}-problem`} className="field-problem" role="alert">
          {say.TOKEN.problem}
        </p>
      )}
      {failure && <FailureNote failure={failure} />}
    </form>
  )
}
