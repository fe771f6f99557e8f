import { useStore } from 'zustand'
import { Answer } from '../components/answer'
import { Empty } from '../components/empty'
import { useNode } from '../components/hooks'
import { PageHead } from '../components/page-head'
import { PromptBox } from '../components/prompt-box'
import { Talk } from '../components/talk'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { tryLead } from '../words/try'

export function TryPage({ stores }: { stores: AppStores }) {
  const { status, isLive, mayOperate } = useNode(stores.node)
  const { generation, talk } = useStore(stores.generation.state)
  const isChecked = useStore(stores.settings.state, (state) => state.settings?.spotChecks ?? false)
  if (!status) return null
  return (
    <>
      <PageHead title={say.TRY.title}>{tryLead(status)}</PageHead>
      <div className="panels is-reading">
        {mayOperate ? (
          <PromptBox status={status} isLive={isLive} store={stores.generation} isChecked={isChecked} />
        ) : (
          <p className="notice">{say.TRY.readOnly}</p>
        )}
        {generation ? (
          <>
            <Answer generation={generation} status={status} />
            <Talk talk={talk} />
          </>
        ) : (
          <Empty title={say.TRY.emptyTitle}>{say.TRY.emptyText}</Empty>
        )}
      </div>
    </>
  )
}
