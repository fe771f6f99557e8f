import { useEffect } from 'react'
import { useStore } from 'zustand'
import { CheckList } from '../components/check-list'
import { FailureNote } from '../components/failure-note'
import { useNode } from '../components/hooks'
import { LogView } from '../components/log-view'
import { OthersSeePanel } from '../components/others-see'
import { PageHead } from '../components/page-head'
import type { AppStores } from '../stores/app-stores'
import { checksLead, DIAGNOSTICS } from '../words/diagnostics'
import { PAGE_NAMES } from '../words/pages'

export function DiagnosticsPage({ stores }: { stores: AppStores }) {
  const { isLive, status } = useNode(stores.node)
  const { checks, isRunning, failure } = useStore(stores.diagnostics.state)
  useEffect(() => {
    if (isLive && stores.diagnostics.state.getState().checks === null) void stores.diagnostics.run()
  }, [stores, isLive])
  const run = (
    <button
      type="button"
      className="button"
      disabled={isRunning || !isLive}
      onClick={() => void stores.diagnostics.run()}
    >
      {isRunning ? DIAGNOSTICS.running : DIAGNOSTICS.run}
    </button>
  )
  return (
    <>
      <PageHead title={PAGE_NAMES.diagnostics} actions={run}>
        {checksLead(checks)}
      </PageHead>
      <div className={isLive ? 'panels' : 'panels is-old'}>
        <div className="columns is-diagnostics">
          <div className="panels">
            <section className="card" aria-labelledby="checks-title" aria-busy={isRunning}>
              <div className="card-head">
                <h2 id="checks-title">{DIAGNOSTICS.checksTitle}</h2>
              </div>
              {failure && <FailureNote failure={failure} lead={DIAGNOSTICS.failed} />}
              {checks && checks.length > 0 && <CheckList checks={checks} />}
              {checks?.length === 0 && <p className="empty">{DIAGNOSTICS.none}</p>}
              {checks === null && !failure && <p className="empty">{DIAGNOSTICS.checking}</p>}
            </section>
            {status && <OthersSeePanel status={status} />}
          </div>
          <LogView store={stores.log} />
        </div>
      </div>
    </>
  )
}
