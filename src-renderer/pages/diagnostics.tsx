import { useEffect } from 'react'
import { useStore } from 'zustand'
import { CheckList } from '../components/check-list'
import { Connections } from '../components/connections'
import { CopyButton } from '../components/copy-button'
import { FailureNote } from '../components/failure-note'
import { useNode } from '../components/hooks'
import { LogView } from '../components/log-view'
import { NetworkTalkPanel } from '../components/network-talk'
import { Notices } from '../components/notices'
import { OthersSeePanel } from '../components/others-see'
import { PageHead } from '../components/page-head'
import { SupportDialog } from '../components/support-dialog'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { checksLead } from '../words/diagnostics'

export function DiagnosticsPage({ stores }: { stores: AppStores }) {
  const { status, isLive, mayOperate } = useNode(stores.node)
  const { checks, isRunning, failure, mending, workFailure, isBundling, bundle, savedAt } = useStore(
    stores.diagnostics.state,
  )
  useEffect(() => {
    if (isLive && stores.diagnostics.state.getState().checks === null) void stores.diagnostics.run()
  }, [stores, isLive])
  const buttons = (
    <>
      {mayOperate && (
        <>
          <CopyButton label={say.SUPPORT.copy} disabled={!isLive} text={stores.diagnostics.summary} />
          <button
            type="button"
            className="button"
            disabled={!isLive || isBundling}
            onClick={() => void stores.diagnostics.openBundle()}
          >
            {isBundling ? say.SUPPORT.opening : say.SUPPORT.open}
          </button>
        </>
      )}
      <button
        type="button"
        className="button"
        disabled={isRunning || !isLive}
        onClick={() => void stores.diagnostics.run()}
      >
        {isRunning ? say.DIAGNOSTICS.running : say.DIAGNOSTICS.run}
      </button>
    </>
  )
  return (
    <>
      <PageHead title={say.PAGE_NAMES.diagnostics} actions={buttons}>
        {checksLead(checks)}
      </PageHead>
      <div className={isLive ? 'panels' : 'panels is-old'}>
        <Connections store={stores.app} />
        {status?.notices && <Notices notices={status.notices} />}
        <div className="columns is-diagnostics">
          <div className="panels">
            <section className="card" aria-labelledby="checks-title" aria-busy={isRunning}>
              <div className="card-head">
                <h2 id="checks-title">{say.DIAGNOSTICS.checksTitle}</h2>
              </div>
              {failure && <FailureNote failure={failure} lead={say.DIAGNOSTICS.failed} />}
              {workFailure && <FailureNote failure={workFailure} lead={say.SUPPORT.failed} />}
              {checks && checks.length > 0 && (
                <CheckList checks={checks} fixing={{ stores, mayOperate: mayOperate && isLive, mending }} />
              )}
              {checks?.length === 0 && <p className="empty">{say.DIAGNOSTICS.none}</p>}
              {checks === null && !failure && <p className="empty">{say.DIAGNOSTICS.checking}</p>}
            </section>
            {status && <OthersSeePanel status={status} />}
            <NetworkTalkPanel store={stores.talk} calls={status?.calls} isLive={isLive} mayOperate={mayOperate} />
          </div>
          <LogView store={stores.log} />
        </div>
      </div>
      {bundle && <SupportDialog bundle={bundle} savedAt={savedAt} failure={workFailure} store={stores.diagnostics} />}
    </>
  )
}
