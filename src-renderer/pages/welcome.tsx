import { useEffect } from 'react'
import { useNode } from '../components/hooks'
import { Mark } from '../components/status-shape'
import { hashOf, WELCOME_STEPS, type WelcomeStep } from '../router'
import type { AppStores } from '../stores/app-stores'
import { ComputerStep } from '../welcome/computer-step'
import { NetworkStep } from '../welcome/network-step'
import { useChoice } from '../welcome/use-choice'
import { WhatStep } from '../welcome/what-step'
import { say } from '../words'
import { statusWords } from '../words/node-says'

/** The first run: what it is, which network, what this computer gives, and one button. */
export function WelcomePage({ stores, step: asked }: { stores: AppStores; step: WelcomeStep }) {
  const { status, mayOperate } = useNode(stores.node)
  const { isMade } = useChoice(stores)
  // An address that was kept, or a page that was loaded anew: what comes before is still to be done.
  const step = !mayOperate ? 'what' : asked === 'computer' && !isMade ? 'network' : asked
  useEffect(() => {
    if (mayOperate && step !== asked) window.location.replace(hashOf({ page: 'welcome', step }))
  }, [mayOperate, step, asked])
  const { title, lead } = say.WELCOME.steps[step]
  useEffect(() => {
    document.title = `${title} · Espalier`
  }, [title])
  return (
    <div className={`welcome is-${step}`}>
      <header>
        <div className="welcome-top">
          <Mark size={step === 'what' ? 44 : 28} />
          {mayOperate && <Progress step={step} isMade={isMade} />}
        </div>
        {status && <p className="welcome-state">{statusWords(status).headline}</p>}
        <h1 tabIndex={-1}>{title}</h1>
        <p>{lead}</p>
      </header>
      {step === 'what' && <WhatStep mayOperate={mayOperate} />}
      {step === 'network' && <NetworkStep stores={stores} />}
      {step === 'computer' && <ComputerStep stores={stores} />}
    </div>
  )
}

/** Where one is; what is done can be gone back to, and what can be done next be gone to. */
function Progress({ step, isMade }: { step: WelcomeStep; isMade: boolean }) {
  const at = WELCOME_STEPS.indexOf(step)
  return (
    <ol className="welcome-progress" aria-label={say.WELCOME.progress}>
      {WELCOME_STEPS.map((name, index) => {
        const { short } = say.WELCOME.steps[name]
        const isOpen = index < at || (index === at + 1 && (name === 'network' || isMade))
        return (
          <li key={name} className={index < at ? 'is-done' : undefined}>
            {index !== at && isOpen ? (
              <a href={hashOf({ page: 'welcome', step: name })}>{short}</a>
            ) : (
              <span aria-current={index === at ? 'step' : undefined}>{short}</span>
            )}
          </li>
        )
      })}
    </ol>
  )
}
