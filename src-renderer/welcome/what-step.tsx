import { hashOf } from '../router'
import { say } from '../words'
import { WizardBar } from './wizard-bar'

/** What it does, and what it does not promise: before anything is asked. */
export function WhatStep({ mayOperate }: { mayOperate: boolean }) {
  return (
    <>
      <div className="promises">
        <Promises lead={say.WELCOME.doesLead} lines={say.WELCOME.does} kind="does" />
        <Promises lead={say.WELCOME.doesNotLead} lines={say.WELCOME.doesNot} kind="does-not" />
      </div>
      {mayOperate ? (
        <WizardBar>
          <a className="button is-primary is-large" href={hashOf({ page: 'welcome', step: 'network' })}>
            {say.WELCOME.chooseNetwork}
          </a>
        </WizardBar>
      ) : (
        <p className="notice">{say.WELCOME.readOnly}</p>
      )}
    </>
  )
}

function Promises({ lead, lines, kind }: { lead: string; lines: readonly string[]; kind: 'does' | 'does-not' }) {
  return (
    <section className={`card is-${kind}`}>
      <h2>{lead}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  )
}
