import type { ReactNode } from 'react'
import { hashOf, type WelcomeStep } from '../router'
import { say } from '../words'

/** The way back, and the one thing to do. */
export function WizardBar({ back, children }: { back?: WelcomeStep; children: ReactNode }) {
  return (
    <div className="wizard-bar">
      {back && (
        <a className="button" href={hashOf({ page: 'welcome', step: back })}>
          {say.WELCOME.back}
        </a>
      )}
      {children}
    </div>
  )
}
