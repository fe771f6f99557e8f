import { useStore } from 'zustand'
import { formatExact } from '../format'
import { goTo } from '../router'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
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
      title={say.INVITED.title}
      text={say.INVITED.text(invite.coordinatorUrl, formatExact(invite.expiresAt))}
      yes={busy === 'invite' ? say.INVITED.joining : say.INVITED.yes}
      no={say.INVITED.no}
      isBusy={busy !== null}
      onYes={() => void join()}
      onNo={() => void store.answerInvite(false)}
    />
  )
}
