import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { BlockStrip } from '../components/block-strip'
import { Catalogue } from '../components/catalogue'
import { ChooseFile } from '../components/choose-file'
import { DiagnosisPanel } from '../components/diagnosis'
import { DiskSpace } from '../components/disk-space'
import { Empty } from '../components/empty'
import { FailureNote } from '../components/failure-note'
import { FetchPanel } from '../components/fetch-panel'
import { FoundFiles } from '../components/found-files'
import { useNode } from '../components/hooks'
import { Ladder } from '../components/ladder'
import { OnDisk } from '../components/on-disk'
import { PageHead } from '../components/page-head'
import { PeerTalkPanel } from '../components/peer-talk'
import { PieceMap } from '../components/piece-map'
import { ReadinessGrid } from '../components/readiness-grid'
import { hasReached, isProved } from '../node-facts'
import { pressBlocker } from '../press-blocker'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { noShardsWords, shardsLead } from '../words/shards'

export function ShardsPage({ stores }: { stores: AppStores }) {
  const { status, isLive, mayOperate, pending, failure: refusal } = useNode(stores.node)
  const modelPath = useStore(stores.settings.state, ({ settings }) => settings?.modelPath ?? '')
  const [isChoosing, setChoosing] = useState(false)
  const { view, failure } = useStore(stores.shards.state)
  useEffect(() => stores.shards.watch(), [stores])
  if (!status) return null
  const { model } = status
  const nothing = noShardsWords(status)
  const mayAct = isLive && mayOperate
  const takeFile = async (path: string) => {
    setChoosing(false)
    if (await stores.settings.save({ modelPath: path })) await stores.node.command('load')
  }
  return (
    <>
      <PageHead title={say.PAGE_NAMES.shards}>{shardsLead(status)}</PageHead>
      <div className={isLive ? 'panels' : 'panels is-old'}>
        {failure && (
          <FailureNote failure={failure} lead={say.SHARDS.failed}>
            <button type="button" className="link" onClick={stores.shards.ask}>
              {say.SHARDS.readingAgain}
            </button>
          </FailureNote>
        )}
        {model && (
          <BlockStrip
            modelName={model.name}
            blockCount={model.blockCount}
            coverage={status.coverage}
            own={status.blocks}
            isOwnProved={isProved(status)}
          />
        )}
        {status.readiness && (
          <ReadinessGrid
            status={status}
            readiness={status.readiness}
            mayPress={mayAct && pending === null}
            onButton={(button) => pressBlocker(button, stores, () => setChoosing(true))}
          >
            {isChoosing && (
              <ChooseFile
                first={modelPath}
                isBusy={pending !== null}
                app={stores.app}
                onUse={(path) => void takeFile(path)}
                onClose={() => setChoosing(false)}
              />
            )}
            {refusal && !status.fetch && <FailureNote failure={refusal} />}
          </ReadinessGrid>
        )}
        {status.readiness?.talks && <PeerTalkPanel talks={status.readiness.talks} />}
        <DiagnosisPanel store={stores.diagnosis} />
        {status.fetch && (
          <FetchPanel
            fetch={status.fetch}
            pending={pending}
            failure={refusal}
            disabled={!mayAct}
            onCommand={(command) => void stores.node.command(command)}
          />
        )}
        {status.foundFiles && <FoundFiles files={status.foundFiles} />}
        {view === null && <Empty title={nothing.title}>{nothing.text}</Empty>}
        <div className={view ? 'columns' : 'column'}>
          <Ladder status={status} />
          {view && <OnDisk view={view} />}
        </div>
        {view === undefined && !failure && <p className="card empty">{say.SHARDS.loading}</p>}
        {view && <PieceMap view={view} isVerified={hasReached(status.loadLevel, 'L3')} />}
        <DiskSpace
          store={stores.disk}
          filesKey={JSON.stringify([status.loadLevel, status.blocks, status.fetch?.state, status.phase])}
          disabled={!mayAct}
        />
        <Catalogue store={stores.catalogue} app={stores.app} />
      </div>
    </>
  )
}
