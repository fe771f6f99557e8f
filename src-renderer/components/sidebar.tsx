import type { NodeStatus, StatusShape } from '../../src-shared/status'
import { isMac, keyName } from '../palette/keys'
import { hashOf, PAGES, type Page } from '../router'
import type { Theme } from '../theme'
import { say } from '../words'
import { profileWords } from '../words/node'
import { NAV_ICONS } from './nav-icons'
import { Mark, StatusShapeIcon } from './status-shape'
import { CopyPeerId } from './text'
import { ThemeSwitch } from './theme-switch'

export interface SidebarProps {
  page: Page
  status: NodeStatus | null
  isLive: boolean
  theme: Theme
  onTheme(theme: Theme): void
  /** Settings were typed and not saved. */
  isUnsaved: boolean
  onCommands(): void
}

export function Sidebar({ page, status, isLive, theme, onTheme, isUnsaved, onCommands }: SidebarProps) {
  return (
    <div className="side">
      <div className="side-inner">
        <div className="brand">
          <Mark size={26} />
          Espalier
        </div>
        <CommandsButton onPress={onCommands} />
        <nav aria-label={say.SHELL.pages}>
          {PAGES.map((name) => (
            <a
              key={name}
              href={hashOf(name === 'peers' ? { page: name, view: 'table' } : { page: name })}
              aria-current={name === page ? 'page' : undefined}
            >
              <svg className="side-icon" width="18" height="18" viewBox="0 0 20 20" aria-hidden="true">
                <path d={NAV_ICONS[name]} />
              </svg>
              {say.PAGE_NAMES[name]}
              {name === 'settings' && isUnsaved && (
                <span className="side-mark" title={say.SETTINGS.unsaved}>
                  <span className="only-read">{say.SETTINGS.unsaved}</span>
                </span>
              )}
            </a>
          ))}
        </nav>
        <div className="side-foot">
          {status && <Who status={status} isLive={isLive} />}
          <ThemeSwitch theme={theme} onTheme={onTheme} />
        </div>
      </div>
    </div>
  )
}

function CommandsButton({ onPress }: { onPress(): void }) {
  return (
    <button type="button" className="side-commands" aria-haspopup="dialog" onClick={onPress}>
      <svg className="side-icon" width="16" height="16" viewBox="0 0 20 20" aria-hidden="true">
        <path d="M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M13 13l4 4" />
      </svg>
      <span>{say.PALETTE.open}</span>
      <kbd>{keyName('Mod', isMac(navigator))} K</kbd>
    </button>
  )
}

/** The state in small, on every page; while there is no contact, the node's own shape would be a claim. */
function Who({ status, isLive }: { status: NodeStatus; isLive: boolean }) {
  const shape: StatusShape = isLive ? status.shape : 'waiting'
  return (
    <div className="who">
      <span className="who-name" title={status.publicName}>
        <StatusShapeIcon shape={shape} size={16} label={`${isLive ? say.SHAPE_NAMES[shape] : say.SHELL.noContact}:`} />
        <b>{status.publicName}</b>
      </span>
      {status.peerId && <CopyPeerId peerId={status.peerId} />}
      <span>{profileWords(status.profile)}</span>
    </div>
  )
}
