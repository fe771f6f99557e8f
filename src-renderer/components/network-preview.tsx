import type { ReactNode } from 'react'
import type { NetworkPreview } from '../../src-shared/app-views'
import { inviteSentence, previewFigures, WELCOME } from '../words/welcome'

/** What a network is, as its coordinator tells it, and what it would learn about us. */
export function PreviewCard({ network, children }: { network: NetworkPreview; children?: ReactNode }) {
  return (
    <div className="preview">
      {network.isDemo && <p className="notice">{WELCOME.demoNetwork}</p>}
      {network.invite && (
        <p className="notice is-invite">
          <b>{WELCOME.inviteTitle}</b> {inviteSentence(network.coordinatorUrl, network.invite.expiresAt)}
        </p>
      )}
      <dl className="preview-figures">
        {previewFigures(network).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{WELCOME.willSend}</h3>
      <dl className="will-send">
        {network.willSend.map(({ field, value }) => (
          <div key={field}>
            <dt>
              <code>{field}</code>
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="fine">{WELCOME.willSendNothing}</p>
      {children}
    </div>
  )
}
