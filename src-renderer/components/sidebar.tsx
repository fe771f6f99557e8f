import type { NodeStatus } from '../../src-shared/status'
import { profileWords } from '../words'
import { Mark } from './status-shape'
import { CopyPeerId } from './text'
import { ThemeSwitch } from './theme-switch'

export function Sidebar({ status }: { status: NodeStatus | null }) {
  return (
    <div className="side">
      <div className="side-inner">
        <div className="brand">
          <Mark size={26} />
          Espalier
        </div>
        <nav aria-label="Pages">
          <a href="#overview" aria-current="page">
            <svg className="side-icon" width="18" height="18" viewBox="0 0 20 20" aria-hidden="true">
              <path d="M3 10l7-6 7 6M5 9v7h10V9" />
            </svg>
            Overview
          </a>
        </nav>
        <div className="side-foot">
          {status && (
            <div className="who">
              <b title={status.publicName}>{status.publicName}</b>
              {status.peerId && <CopyPeerId peerId={status.peerId} />}
              <span>{profileWords(status.profile)}</span>
            </div>
          )}
          <ThemeSwitch />
        </div>
      </div>
    </div>
  )
}
