import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { IdentityChange } from '../../src-shared/identity-view'
import type { BridgeClient } from '../bridge-client'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { identityWords } from '../words/identity'
import { ConfirmDialog } from './confirm-dialog'
import { FailureNote } from './failure-note'
import { useNode } from './hooks'
import { IdentityForm } from './identity-form'

/** Who this node is for others: backed up, moved, and set right when it is damaged. */
export function IdentitySettings({ stores, disabled }: { stores: AppStores; disabled: boolean }) {
  const { identity: store, app } = stores
  const { value: view, isAsking, failure } = useStore(store.state)
  const { status } = useNode(stores.node)
  const [open, setOpen] = useState<'export' | 'import' | 'renew' | null>(null)
  const [done, setDone] = useState('')
  const isStopped = status?.phase === 'stopped'
  // A node that starts makes one, and one that has stopped may have found it damaged.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever the node has come or gone.
  useEffect(() => {
    if (!disabled) store.ask()
  }, [store, disabled, isStopped])

  const change = async (act: (client: BridgeClient) => Promise<IdentityChange>) => {
    let keptAt: string | null = null
    const isDone = await store.change(async (client) => {
      const changed = await act(client)
      keptAt = changed.keptAt
      return changed.identity
    })
    if (!isDone) return
    setOpen(null)
    setDone(keptAt === null ? say.IDENTITY.done : say.IDENTITY.doneKept(keptAt))
  }
  const backUp = async (file: { path: string; passphrase: string }) => {
    const isDone = await store.change(async (client) => {
      await client.call('identity.export', file)
      return client.call('identity.get', {})
    })
    if (!isDone) return
    setOpen(null)
    setDone(say.IDENTITY.backupIs(file.path))
  }
  const isBusy = disabled || isAsking
  return (
    <section className="card settings identity" aria-labelledby="identity-title">
      <h2 id="identity-title">{say.IDENTITY.title}</h2>
      <p className="fine owner-lead">{say.IDENTITY.lead}</p>
      <p className={view?.state === 'damaged' ? 'notice identity-words' : 'identity-words'}>
        {view ? identityWords(view) : say.IDENTITY.loading}
      </p>
      {view?.state === 'damaged' && (
        <div className="fetch-actions">
          {view.copyPeerId !== null && (
            <button
              type="button"
              className="button is-primary"
              disabled={isBusy || !isStopped}
              onClick={() => void change((client) => client.call('identity.restoreCopy', {}))}
            >
              {say.IDENTITY.restore}
            </button>
          )}
          <button type="button" className="button" disabled={isBusy || !isStopped} onClick={() => setOpen('renew')}>
            {say.IDENTITY.renew}
          </button>
        </div>
      )}
      {open === null || open === 'renew' ? (
        <div className="fetch-actions">
          <button
            type="button"
            className="button"
            disabled={isBusy || view?.state !== 'whole'}
            onClick={() => setOpen('export')}
          >
            {say.IDENTITY.export}
          </button>
          <button type="button" className="button" disabled={isBusy || !isStopped} onClick={() => setOpen('import')}>
            {say.IDENTITY.import}
          </button>
        </div>
      ) : (
        <IdentityForm
          key={open}
          kind={open}
          firstPath={open === 'export' ? (view?.suggestedPath ?? '') : ''}
          isBusy={isBusy}
          app={app}
          onSubmit={(file) =>
            void (open === 'export' ? backUp(file) : change((client) => client.call('identity.import', file)))
          }
          onClose={() => setOpen(null)}
        />
      )}
      {!isStopped && <p className="fine">{say.IDENTITY.mustStop}</p>}
      <p className="fine">{say.IDENTITY.once}</p>
      {done !== '' && (
        <p className="fine" role="status">
          {done}
        </p>
      )}
      {failure && <FailureNote failure={failure} />}
      {open === 'renew' && (
        <ConfirmDialog
          title={say.IDENTITY.renewTitle}
          text={say.IDENTITY.renewText}
          yes={say.IDENTITY.renewYes}
          no={say.IDENTITY.renewNo}
          isBusy={isBusy}
          onYes={() => void change((client) => client.call('identity.renew', {}))}
          onNo={() => setOpen(null)}
        />
      )}
    </section>
  )
}
