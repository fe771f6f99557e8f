import type { ReactNode } from 'react'
import type { NetworkPreview } from '../../src-shared/app-views'
import { say } from '../words'
import { inviteSentence, previewFigures } from '../words/welcome'

/** What a network is, as its coordinator tells it, and what it would learn about us. */
export function PreviewCard({ network, children }: { network: NetworkPreview; children?: ReactNode }) {
  return (
    <div className="preview">
      {network.isDemo && <p className="notice">{say.WELCOME.demoNetwork}</p>}
      {network.invite && (
        <p className="notice is-invite">
          <b>{say.WELCOME.inviteTitle}</b> {inviteSentence(network.coordinatorUrl, network.invite.expiresAt)}
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
      <h3>{say.WELCOME.willSend}</h3>
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
      <p className="fine">{say.WELCOME.willSendNothing}</p>
      {children}
    </div>
  )
}
