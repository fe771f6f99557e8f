import { useStore } from 'zustand'
import { closeSentence } from '../format'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
import { unsavedNames } from '../words/app'
import { StatusShapeIcon } from './status-shape'

/** On every page, for as long as it is so: what is in memory only, because the disk does not take it (H-45). */
export function UnsavedNotice({ store }: { store: AppViewStore }) {
  const unsaved = useStore(store.state, (state) => state.view?.unsaved)
  const first = unsaved?.[0]
  if (!unsaved || !first) return null
  return (
    <div className="notice is-contact">
      <StatusShapeIcon shape="problem" size={18} />
      <p>
        <b role="alert">
          {say.UNSAVED.title}: {unsavedNames(unsaved)}.
        </b>{' '}
        {closeSentence(first.cause)} {say.UNSAVED.text}
      </p>
    </div>
  )
}
