import { useEffect, useRef } from 'react'
import { useStore } from 'zustand'
import { FailureNote } from '../components/failure-note'
import { useNode } from '../components/hooks'
import { MeterCard } from '../components/meter-card'
import { WillSend } from '../components/network-preview'
import { goTo } from '../router'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import type { Choice } from './choice'
import { Giving } from './giving'
import { useChoice } from './use-choice'
import { WhatComes } from './what-comes'
import { WhatThereIs } from './what-there-is'
import { WizardBar } from './wizard-bar'

/** What this computer has, what it gives, and what that means for the network: then one button. */
export function ComputerStep({ stores }: { stores: AppStores }) {
  const { isLive } = useNode(stores.node)
  const { busy, settings, failure } = useStore(stores.settings.state)
  const isTiming = useStore(stores.timing.state, (state) => state.isRunning)
  const choice = useChoice(stores)
  const { network, insecure } = choice
  useEffect(() => {
    stores.computer.ask()
    return stores.timing.stop
  }, [stores])
  useMeasuring(stores, choice)

  const begin = async () => {
    stores.timing.stop()
    stores.meter.cancel()
    const isIn = await stores.settings.join(
      network
        ? {
            kind: 'coordinator',
            url: network.coordinatorUrl,
            ...(insecure && { insecure }),
            ...(network.invite && { invite: choice.asked }),
          }
        : { kind: 'demo' },
    )
    if (!isIn) return
    stores.welcome.forget()
    goTo({ page: 'overview' })
  }
  return (
    <div className="panels">
      <WhatThereIs stores={stores} disabled={!isLive} />
      {settings && <Giving settings={settings} stores={stores} disabled={!isLive} />}
      <WhatComes network={network} settings={settings} stores={stores} />
      {network && (
        <section className="card">
          <MeterCard
            store={stores.meter}
            url={network.coordinatorUrl}
            insecure={insecure}
            disabled={!isLive || isTiming}
          />
        </section>
      )}
      {network && <WillSend network={network} />}
      {failure && <FailureNote failure={failure} />}
      <p className="fine">{say.WELCOME.beginText}</p>
      <WizardBar back="network">
        <button
          type="button"
          className="button is-primary is-large"
          disabled={busy !== null || !isLive}
          onClick={() => void begin()}
        >
          {busy === 'join'
            ? say.WELCOME.joining
            : network === null
              ? say.WELCOME.startDemo
              : network.invite
                ? say.WELCOME.joinInvited
                : say.WELCOME.join}
        </button>
      </WizardBar>
    </div>
  )
}

/**
 * Times this computer when somebody comes here, and again whenever a setting that matters has changed: first alone,
 * then beside the network where that was measured. What would be sent is asked for again as well.
 */
function useMeasuring(stores: AppStores, { network, insecure }: Choice): void {
  const settings = useStore(stores.settings.state, (state) => state.settings)
  const key =
    settings && JSON.stringify([settings.threads, settings.offeredMemoryGb, settings.gpuMemoryGb, settings.device])
  const measured = useRef<string | null>(null)
  const url = network?.coordinatorUrl
  useEffect(() => {
    if (key === null || measured.current === key) return
    const isFirst = measured.current === null
    measured.current = key
    const measure = async () => {
      if (!isFirst) void stores.settings.lookAgain(insecure)
      await stores.timing.run()
      const { metering } = stores.meter.state.getState()
      const isCurrent = measured.current === key
      const isMetered = (metering.state === 'done' || metering.state === 'running') && metering.url === url
      if (isCurrent && url !== undefined && isMetered) await stores.meter.run(url, insecure, true)
    }
    void measure()
  }, [key, url, insecure, stores])
}
