import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { SettingsSchema } from '../../src-shared/settings'
import { FailureNote } from '../components/failure-note'
import { useNode } from '../components/hooks'
import { LabelledField } from '../components/labelled-field'
import { MeterCard } from '../components/meter-card'
import { PreviewCard } from '../components/network-preview'
import { Mark } from '../components/status-shape'
import { goTo, hashOf } from '../router'
import type { AppStores } from '../stores/app-stores'
import type { MeterStore } from '../stores/meter-store'
import type { SettingsStore } from '../stores/settings-store'
import { say } from '../words'
import { statusWords } from '../words/node-says'
import { isInvite, urlProblem } from '../words/welcome'

/** The first run, on one page: what it is, which network, and one button. */
export function WelcomePage({ stores }: { stores: AppStores }) {
  const { status, mayOperate, isLive } = useNode(stores.node)
  useEffect(() => {
    document.title = `${say.WELCOME.pageTitle} · Espalier`
  }, [])
  return (
    <div className="welcome">
      <header>
        <Mark size={44} />
        {status && <p className="welcome-state">{statusWords(status).headline}</p>}
        <h1 tabIndex={-1}>{say.WELCOME.title}</h1>
        <p>{say.WELCOME.lead}</p>
      </header>
      <div className="welcome-steps">
        <WelcomeStep title={say.WELCOME.whatTitle}>
          <div className="promises">
            <Promises lead={say.WELCOME.doesLead} lines={say.WELCOME.does} kind="does" />
            <Promises lead={say.WELCOME.doesNotLead} lines={say.WELCOME.doesNot} kind="does-not" />
          </div>
        </WelcomeStep>
        {mayOperate ? (
          <Choice store={stores.settings} meter={stores.meter} isLive={isLive} />
        ) : (
          <WelcomeStep title={say.WELCOME.chooseTitle} isLast>
            <p className="notice">{say.WELCOME.readOnly}</p>
          </WelcomeStep>
        )}
      </div>
    </div>
  )
}

function WelcomeStep({ title, isLast, children }: { title: string; isLast?: boolean; children: ReactNode }) {
  return (
    <section className={isLast ? 'welcome-step is-last' : 'welcome-step'} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Promises({ lead, lines, kind }: { lead: string; lines: readonly string[]; kind: 'does' | 'does-not' }) {
  return (
    <section className={`card is-${kind}`}>
      <h3>{lead}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  )
}

function Choice({ store, meter, isLive }: { store: SettingsStore; meter: MeterStore; isLive: boolean }) {
  const { settings, busy, failure, preview } = useStore(store.state)
  const [kind, setKind] = useState<'demo' | 'coordinator'>('demo')
  const [url, setUrl] = useState('')
  const [name, setName] = useState<string | null>(null)
  const [isTried, setTried] = useState(false)
  const [typedWord, setTypedWord] = useState('')
  const publicName = (name ?? settings?.publicName ?? '').trim()
  const wrongUrl = urlProblem(url)
  const wrongName = SettingsSchema.shape.publicName.safeParse(publicName).success ? null : say.FIELDS.publicName.problem
  const asked = url.trim()
  const network = preview.state === 'seen' && preview.url === asked ? preview.network : null
  const isRefusedHttp =
    preview.state === 'failed' && preview.url === asked && preview.failure.code === 'COORDINATOR_INSECURE'
  /** Only for the address that it was typed for; see `change`. */
  const insecure = typedWord.trim().toLowerCase() === say.WELCOME.insecureWord ? { insecure: true as const } : {}
  const isLooking = preview.state === 'looking' && preview.url === asked

  /** The coordinator's preview lists what will be sent, our name with it: so a new name is saved first. */
  const keepName = () => (publicName === settings?.publicName ? true : store.save({ publicName }))
  const advance = async () => {
    setTried(true)
    if (kind === 'demo') {
      if (await store.join({ kind: 'demo' })) goTo({ page: 'overview' })
      return
    }
    if (wrongUrl !== null || wrongName !== null || !(await keepName())) return
    if (!network) return store.look(asked, insecure.insecure)
    const invite = network.invite ? { invite: asked } : {}
    if (await store.join({ kind: 'coordinator', url: network.coordinatorUrl, ...insecure, ...invite }))
      goTo({ page: 'overview' })
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void advance()
  }
  const change = (set: () => void) => {
    set()
    store.forgetPreview()
  }
  const label =
    busy === 'join'
      ? say.WELCOME.joining
      : kind === 'demo'
        ? say.WELCOME.startDemo
        : isLooking
          ? say.WELCOME.looking
          : network
            ? network.invite
              ? say.WELCOME.joinInvited
              : say.WELCOME.join
            : isInvite(url)
              ? say.WELCOME.lookAtInvite
              : say.WELCOME.look

  return (
    <form onSubmit={onSubmit} noValidate>
      <WelcomeStep title={say.WELCOME.chooseTitle}>
        <div className="choices">
          <ChoiceCard
            title={say.WELCOME.demo}
            text={say.WELCOME.demoText}
            isChosen={kind === 'demo'}
            onChoose={() => change(() => setKind('demo'))}
          />
          <ChoiceCard
            title={say.WELCOME.coordinator}
            text={say.WELCOME.coordinatorText}
            isChosen={kind === 'coordinator'}
            onChoose={() => change(() => setKind('coordinator'))}
          />
        </div>
        {kind === 'coordinator' && (
          <div className="card coordinator">
            <LabelledField
              label={say.WELCOME.urlLabel}
              placeholder={say.WELCOME.urlPlaceholder}
              value={url}
              problem={isTried ? wrongUrl : null}
              onChange={(value) =>
                change(() => {
                  setUrl(value)
                  setTypedWord('')
                })
              }
            />
            <LabelledField
              label={say.WELCOME.nameLabel}
              hint={say.WELCOME.nameHint}
              value={name ?? settings?.publicName ?? ''}
              problem={wrongName}
              onChange={(value) => change(() => setName(value))}
            />
            {preview.state === 'failed' && preview.url === asked && <FailureNote failure={preview.failure} />}
            {(isRefusedHttp || typedWord !== '') && (
              <LabelledField
                label={say.WELCOME.insecureLabel}
                hint={say.WELCOME.insecureHint}
                value={typedWord}
                problem={null}
                onChange={setTypedWord}
              />
            )}
            {network && (
              <PreviewCard network={network}>
                <MeterCard store={meter} url={network.coordinatorUrl} disabled={!isLive} {...insecure} />
              </PreviewCard>
            )}
          </div>
        )}
      </WelcomeStep>
      <WelcomeStep title={say.WELCOME.beginTitle} isLast>
        {failure && <FailureNote failure={failure} />}
        <div className="begin">
          <button type="submit" className="button is-primary is-large" disabled={busy !== null || isLooking || !isLive}>
            {label}
          </button>
          <p className="fine">
            {say.WELCOME.beginText}{' '}
            <a className="link" href={hashOf({ page: 'host' })}>
              {say.WELCOME.host}
            </a>
          </p>
        </div>
      </WelcomeStep>
    </form>
  )
}

interface ChoiceCardProps {
  title: string
  text: string
  isChosen: boolean
  onChoose(): void
}

function ChoiceCard({ title, text, isChosen, onChoose }: ChoiceCardProps) {
  return (
    <label className="card choice">
      <input type="radio" name="network" checked={isChosen} onChange={onChoose} />
      <span>
        <b>{title}</b>
        <span>{text}</span>
      </span>
    </label>
  )
}
