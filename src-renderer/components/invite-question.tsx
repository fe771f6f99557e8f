import { useState } from 'react'
import { useStore } from 'zustand'
import { formatExact } from '../format'
import { goTo } from '../router'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
import { ConfirmDialog } from './confirm-dialog'
import { LabelledField } from './labelled-field'

/** A link from elsewhere never joins a network by itself: a person says so here, and reads where it leads. */
export function InviteQuestion({ store }: { store: AppViewStore }) {
  const invite = useStore(store.state, ({ view }) => view?.invite ?? null)
  const busy = useStore(store.state, (state) => state.busy)
  const [typed, setTyped] = useState({ word: '', for: '' })
  if (!invite) return null
  // What was typed for one invite says nothing about the next.
  const word = typed.for === invite.coordinatorUrl ? typed.word : ''
  const isAgreed = !invite.isInsecure || word.trim().toLowerCase() === say.WELCOME.insecureWord
  const join = async () => {
    if (await store.answerInvite(true, invite.isInsecure)) goTo({ page: 'overview' })
  }
  return (
    <ConfirmDialog
      title={say.INVITED.title}
      text={say.INVITED.text(invite.coordinatorUrl, formatExact(invite.expiresAt))}
      yes={busy === 'invite' ? say.INVITED.joining : say.INVITED.yes}
      no={say.INVITED.no}
      isBusy={busy !== null || !isAgreed}
      onYes={() => void join()}
      onNo={() => void store.answerInvite(false)}
    >
      {invite.isInsecure && (
        <LabelledField
          label={say.WELCOME.insecureLabel}
          hint={say.WELCOME.insecureHint}
          value={word}
          problem={null}
          onChange={(next) => setTyped({ word: next, for: invite.coordinatorUrl })}
        />
      )}
    </ConfirmDialog>
  )
}
