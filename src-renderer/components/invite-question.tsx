import { useStore } from 'zustand'
import { formatExact } from '../format'
import { goTo } from '../router'
import type { AppViewStore } from '../stores/app-view-store'
import { INVITED } from '../words/app'
import { ConfirmDialog } from './confirm-dialog'

/** A link from elsewhere never joins a network by itself: a person says so here, and reads where it leads. */
export function InviteQuestion({ store }: { store: AppViewStore }) {
  const invite = useStore(store.state, ({ view }) => view?.invite ?? null)
  const busy = useStore(store.state, (state) => state.busy)
  if (!invite) return null
  const join = async () => {
    if (await store.answerInvite(true)) goTo({ page: 'overview' })
  }
  return (
    <ConfirmDialog
      title={INVITED.title}
      text={INVITED.text(invite.coordinatorUrl, formatExact(invite.expiresAt))}
      yes={busy === 'invite' ? INVITED.joining : INVITED.yes}
      no={INVITED.no}
      isBusy={busy !== null}
      onYes={() => void join()}
      onNo={() => void store.answerInvite(false)}
    />
  )
}
