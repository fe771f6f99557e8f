import type { NetworkPreview } from '../../src-shared/app-views'
import { say } from '../words'
import { inviteSentence, previewFigures } from '../words/welcome'

/** What a network is, as its coordinator tells it. */
export function PreviewCard({ network }: { network: NetworkPreview }) {
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
      <p className="fine">{say.WELCOME.willSendNothing}</p>
    </div>
  )
}

/** What it would learn about us, field by field. */
export function WillSend({ network }: { network: NetworkPreview }) {
  return (
    <section className="card" aria-labelledby="will-send-title">
      <h2 id="will-send-title">{say.WELCOME.willSend}</h2>
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
    </section>
  )
}
