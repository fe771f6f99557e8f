import type { Notice } from '../../src-shared/status'
import { closeSentence } from '../format'
import { say } from '../words'
import { StatusShapeIcon } from './status-shape'
import { Age, PeerName, WithPeers } from './text'

/** No silent penalties: who has lowered this node's standing, and why; the newest first. */
export function Notices({ notices }: { notices: readonly Notice[] }) {
  return (
    <section className="card" aria-labelledby="notices-title">
      <div className="card-head">
        <h2 id="notices-title">{say.NOTICES.title}</h2>
      </div>
      <p className="fine">{say.NOTICES.lead}</p>
      <ul className="checks">
        {notices.toReversed().map(({ by, at, code, cause }) => (
          <li key={`${by}/${at}`} className="is-warn">
            <StatusShapeIcon shape="degraded" size={18} />
            <div>
              <div className="step-head">
                <h3>
                  <PeerName peerId={by} />
                </h3>
                <span className="step-time">
                  <Age at={at} />
                </span>
              </div>
              <p>
                <WithPeers text={closeSentence(cause)} /> <code className="code">{code}</code>
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
